//! Work on several things at the same time.

use std::thread;

/// What `work` makes of each item, in the order of the items. They are spread over at most `threads` threads, this one among
/// them.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let each = items.len().div_ceil(threads.max(1)).max(1);
    let mut items = items.into_iter();
    let first: Vec<T> = items.by_ref().take(each).collect();
    thread::scope(|scope| {
        let work = &work;
        let mut others = Vec::new();
        while items.len() > 0 {
            let share: Vec<T> = items.by_ref().take(each).collect();
            others.push(scope.spawn(move || share.into_iter().map(work).collect::<Vec<R>>()));
        }
        let mut made: Vec<R> = first.into_iter().map(work).collect();
        for other in others {
            made.extend(other.join().expect("a thread panics only where one alone would"));
        }
        made
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for threads in [0, 1, 2, 3, 7, 100] {
            for count in [0, 1, 2, 5, 7, 64] {
                let squares = map((0..count).collect(), threads, |item: u64| item * item);
                assert_eq!(squares, (0..count).map(|item| item * item).collect::<Vec<_>>());
            }
        }
    }
}
