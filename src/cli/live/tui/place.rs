//! Places that the user goes to: from categories over services and endpoints to flows.

use portolan::net::{Endpoint, Transport};
use portolan::summary::ServiceKey;

use super::super::detail::{Id, Scope};
use super::columns::{Column, OF_ENDPOINTS, OF_FLOWS, OF_TOTALS};
use super::lines::{Key, List, service_name};

/// What is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Categories,
    /// All services.
    Services,
    /// The services of a category.
    Category(String),
    /// The endpoints of a service.
    Service(ServiceKey),
    /// The flows of an endpoint.
    Endpoint(ServiceKey, Endpoint),
    /// A flow with a peer, its endpoints by side, and why it was decided so.
    Flow {
        transport: Transport,
        peer: Endpoint,
        endpoints: [Endpoint; 2],
    },
}

impl Place {
    /// The place that opens behind a line.
    pub(super) fn within(&self, key: &Key) -> Option<Self> {
        match (self, key) {
            (_, Key::WithoutPorts | Key::AllTraffic) | (Self::Flow { .. }, _) => None,
            (_, Key::Category(category)) => Some(Self::Category(category.clone())),
            (_, Key::Service(service)) => Some(Self::Service(service.clone())),
            (Self::Service(service), Key::Row(Id::Endpoint(endpoint))) => {
                Some(Self::Endpoint(service.clone(), *endpoint))
            }
            (_, Key::Row(Id::Endpoint(_))) => None,
            (_, Key::Row(Id::Flow { transport, peer, endpoints, .. })) => {
                Some(Self::Flow { transport: *transport, peer: *peer, endpoints: *endpoints })
            }
        }
    }

    /// What the capture has to be asked for.
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Categories | Self::Services | Self::Category(_) => Scope::Nothing,
            Self::Service(service) => Scope::Service(service.clone()),
            Self::Endpoint(service, endpoint) => Scope::Endpoint(service.clone(), *endpoint),
            Self::Flow { transport, endpoints, .. } => Scope::Flow(*transport, *endpoints),
        }
    }

    /// Whether the capture has to be asked.
    pub(super) const fn is_detail(&self) -> bool {
        matches!(self, Self::Service(_) | Self::Endpoint(..) | Self::Flow { .. })
    }

    /// Its name in the way that led there.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Categories => "Categories".to_owned(),
            Self::Services => "Services".to_owned(),
            Self::Category(category) => category.clone(),
            Self::Service(service) => service_name(service),
            Self::Endpoint(_, endpoint) => endpoint.to_string(),
            Self::Flow { transport, peer, .. } => format!("{transport} {peer}"),
        }
    }

    /// What its lines are.
    pub(super) const fn lines(&self) -> &'static str {
        match self {
            Self::Categories => "Category",
            Self::Services | Self::Category(_) => "Service",
            Self::Service(_) => "Endpoint",
            Self::Endpoint(..) | Self::Flow { .. } => "Peer",
        }
    }

    pub(super) const fn columns(&self) -> &'static [Column] {
        match self {
            Self::Categories | Self::Services | Self::Category(_) => OF_TOTALS,
            Self::Service(_) => OF_ENDPOINTS,
            Self::Endpoint(..) | Self::Flow { .. } => OF_FLOWS,
        }
    }
}

/// A place, and how it is looked at.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) place: Place,
    /// What was typed.
    pub(super) filter: String,
    pub(super) sort: Column,
    /// The least first.
    pub(super) reversed: bool,
    /// The line that stays selected while others come and go.
    pub(super) selected: Option<Key>,
    /// Where that is, or was.
    pub(super) index: usize,
    /// Lines above the screen.
    pub(super) offset: usize,
}

impl Level {
    pub(super) const fn new(place: Place) -> Self {
        Self {
            place,
            filter: String::new(),
            sort: Column::Rate,
            reversed: false,
            selected: None,
            index: 0,
            offset: 0,
        }
    }

    /// Finds the selected line again. Before the user has moved, the first one is selected, whichever it is.
    pub(super) fn keep_selection(&mut self, list: &List) {
        let place = |key: &Key| list.lines.iter().position(|line| line.key == *key);
        self.index = match self.selected.as_ref().map(place) {
            Some(Some(found)) => found,
            Some(None) => self.index.min(list.lines.len().saturating_sub(1)),
            None => 0,
        };
    }

    /// Scrolls as little as shows the selected line in so many lines.
    pub(super) fn scroll(&mut self, lines: usize, page: usize) {
        self.offset = self.offset.min(lines.saturating_sub(page)).min(self.index);
        if page > 0 && self.index >= self.offset + page {
            self.offset = self.index + 1 - page;
        }
    }
}
