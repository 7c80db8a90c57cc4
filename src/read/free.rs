//! Jobs that no thread has taken yet.

use std::ops::Range;

use super::plan::Job;

/// Free jobs, as runs of neighbours. Before each run but one at the very beginning is a job that a thread is at, or was.
#[derive(Debug)]
pub(super) struct Free<'a> {
    jobs: &'a [Job],
    runs: Vec<Range<usize>>,
}

impl<'a> Free<'a> {
    /// All of them.
    pub(super) fn all(jobs: &'a [Job]) -> Self {
        Self { jobs, runs: Vec::from_iter((!jobs.is_empty()).then_some(0..jobs.len())) }
    }

    /// Takes the job behind another one, if it is free: whoever did that one knows where its records begin.
    pub(super) fn take_behind(&mut self, job: usize) -> Option<usize> {
        let run = self.runs.iter().position(|run| run.start == job + 1)?;
        Some(self.take_at(run, job + 1))
    }

    /// Takes the job in the middle of the longest run, and leaves what is before it to the thread that comes from there. So each
    /// has about the same to do, whatever they meet.
    ///
    /// Where records have to be looked for, what is read needs a table of its own until it is known to be right: that is only done
    /// for runs of so many jobs.
    pub(super) fn take_middle(&mut self, fewest: usize) -> Option<usize> {
        let runs = (0..).zip(&self.runs).map(|(number, run)| {
            let bytes = self.jobs[run.clone()].iter().map(|job| job.bytes).sum();
            (bytes, number, self.middle(run, bytes))
        });
        let is_worth = |&(_, number, middle): &(u64, usize, usize)| {
            self.runs[number].len() >= fewest || self.jobs[middle].piece.begin == 0
        };
        let (_, longest, middle) = runs.filter(is_worth).max()?;
        Some(self.take_at(longest, middle))
    }

    /// Where half of a run's bytes are passed; the begin of the first run, to which no thread comes.
    fn middle(&self, run: &Range<usize>, bytes: u64) -> usize {
        let mut passed = 0;
        let middle = run.clone().find(|&job| {
            passed += self.jobs[job].bytes;
            passed > bytes / 2
        });
        middle.filter(|_| run.start > 0).unwrap_or(run.start)
    }

    fn take_at(&mut self, run: usize, job: usize) -> usize {
        let Range { start, end } = self.runs.swap_remove(run);
        self.runs.extend([start..job, job + 1..end].into_iter().filter(|rest| !rest.is_empty()));
        job
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::source::Piece;

    fn jobs(bytes: &[u64]) -> Vec<Job> {
        let job = |&bytes| Job { input: 0, path: PathBuf::new(), piece: Piece::WHOLE, bytes };
        bytes.iter().map(job).collect()
    }

    #[test]
    fn threads_start_apart_and_go_on_to_their_neighbours() {
        let jobs = jobs(&[1; 16]);
        let mut free = Free::all(&jobs);
        assert_eq!([(); 4].map(|()| free.take_middle(1)), [0, 8, 12, 4].map(Some));
        assert_eq!(
            (free.take_behind(8), free.take_behind(9), free.take_behind(10)),
            (Some(9), Some(10), Some(11))
        );
        assert_eq!(free.take_behind(11), None);
        assert_eq!(free.take_behind(0), Some(1));
    }

    #[test]
    fn a_short_run_is_left_to_the_thread_that_comes_to_it_unless_a_file_begins_there() {
        for (begin, taken) in [(0, Some(2)), (1, None)] {
            let mut jobs = jobs(&[1; 3]);
            jobs[2].piece.begin = begin;
            let mut free = Free::all(&jobs);
            assert_eq!((free.take_middle(2), free.take_behind(0)), (Some(0), Some(1)));
            assert_eq!((free.take_middle(2), free.take_behind(1)), (taken, taken.xor(Some(2))));
        }
    }

    #[test]
    fn the_middle_is_that_of_the_bytes() {
        let jobs = jobs(&[1, 1, 1, 1, 1, 100, 1, 1]);
        let mut free = Free::all(&jobs);
        assert_eq!([(); 2].map(|()| free.take_middle(1)), [0, 5].map(Some));
    }

    #[test]
    fn each_job_is_taken_once() {
        for count in 0..40 {
            for reach in 1..5 {
                let jobs = jobs(&(0..count).map(|number| number % 7).collect::<Vec<_>>());
                let mut free = Free::all(&jobs);
                let mut taken = Vec::new();
                while let Some(mut job) = free.take_middle(1) {
                    taken.push(job);
                    for _ in 1..reach {
                        job = free.take_behind(job).map_or(job, |next| {
                            taken.push(next);
                            next
                        });
                    }
                }
                taken.sort_unstable();
                assert_eq!(taken, (0..jobs.len()).collect::<Vec<_>>());
            }
        }
    }
}
