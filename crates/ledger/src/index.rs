//! The index: where each receipt stands and what it is about, in memory, rebuilt from the files at every start.

use crate::entry::Glimpse;
use crate::files::file_path;
use crate::text::Wanted;
use crate::{Entry, LedgerError};
use domain::{AgentName, CallId, ServerName, Timestamp};
use proof::receipt::{Kind, Status, Verdict};
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Which receipts are wanted. Everything given must hold; nothing given means all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Of this agent.
    pub agent: Option<AgentName>,
    /// About this server.
    pub server: Option<ServerName>,
    /// Of one of these kinds; empty: of any.
    pub kinds: Vec<Kind>,
    /// Decided so.
    pub verdict: Option<Verdict>,
    /// Ended so.
    pub status: Option<Status>,
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// With this text, in whatever case, in a name, an argument, a reason or a note.
    pub text: Option<String>,
    /// With a number above this one: what is new.
    pub after: Option<u64>,
    /// With a number below this one: the next page.
    pub before: Option<u64>,
    /// At most so many, 100 if not given.
    pub limit: Option<usize>,
}

/// Where a line is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) file: u32,
    pub(crate) offset: u64,
    /// With its line feed.
    pub(crate) length: usize,
}

/// All receipts in order, and the calls that have no end yet.
#[derive(Default)]
pub(crate) struct Index {
    rows: Vec<Row>,
    names: Names,
    open: HashMap<CallId, Place>,
}

struct Row {
    seq: u64,
    time: Timestamp,
    kind: Kind,
    verdict: Option<Verdict>,
    status: Option<Status>,
    agent: Option<Name>,
    server: Option<Name>,
    place: Place,
}

/// Names as small numbers: there are few of them and many receipts.
#[derive(Default)]
struct Names(HashMap<String, Name>);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Name(u32);

impl Filter {
    const DEFAULT_LIMIT: usize = 100;

    fn limit(&self) -> usize {
        self.limit.unwrap_or(Self::DEFAULT_LIMIT)
    }
}

impl Index {
    pub(crate) fn add(&mut self, glimpse: &Glimpse, place: Place) {
        match &glimpse.call {
            Some(call) if glimpse.kind == Kind::CallOpened => drop(self.open.insert(call.clone(), place)),
            Some(call) if glimpse.kind == Kind::CallClosed => drop(self.open.remove(call)),
            Some(_) | None => {}
        }
        let (agent, server) = (glimpse.agent.as_ref(), glimpse.server.as_ref());
        let row = Row {
            seq: glimpse.seq,
            time: glimpse.time,
            kind: glimpse.kind,
            verdict: glimpse.verdict,
            status: glimpse.status,
            agent: agent.map(|agent| self.names.number(agent.as_str())),
            server: server.map(|server| self.names.number(server.as_str())),
            place,
        };
        self.rows.push(row);
    }

    /// Whether a call was opened and has no end yet.
    pub(crate) fn is_open(&self, call: &CallId) -> bool {
        self.open.contains_key(call)
    }

    /// Where the calls without an end are, in order.
    pub(crate) fn open_calls(&self) -> Vec<Place> {
        let mut places: Vec<_> = self.open.values().copied().collect();
        places.sort_unstable_by_key(|place| (place.file, place.offset));
        places
    }

    /// Where the receipt with this number is.
    pub(crate) fn place(&self, seq: u64) -> Option<Place> {
        self.rows.iter().rev().find(|row| row.seq == seq).map(|row| row.place)
    }

    /// Where the matching receipts are, newest first: all of them when their text must still be looked at, else no more
    /// than are wanted.
    pub(crate) fn places(&self, filter: &Filter) -> Vec<Place> {
        let limit = if filter.text.is_some() { usize::MAX } else { filter.limit() };
        let Some(names) = self.names.wanted(filter) else { return Vec::new() };
        let matching = self.rows.iter().rev().filter(|row| row.matches(filter, names));
        matching.map(|row| row.place).take(limit).collect()
    }
}

impl Row {
    fn matches(&self, filter: &Filter, (agent, server): (Option<Name>, Option<Name>)) -> bool {
        filter.after.is_none_or(|after| self.seq > after)
            && filter.before.is_none_or(|before| self.seq < before)
            && filter.since.is_none_or(|since| self.time >= since)
            && (filter.kinds.is_empty() || filter.kinds.contains(&self.kind))
            && (filter.verdict.is_none() || self.verdict == filter.verdict)
            && (filter.status.is_none() || self.status == filter.status)
            && (agent.is_none() || self.agent == agent)
            && (server.is_none() || self.server == server)
    }
}

impl Names {
    fn number(&mut self, name: &str) -> Name {
        if let Some(number) = self.0.get(name) {
            return *number;
        }
        let number = Name(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.insert(name.to_owned(), number);
        number
    }

    /// The wanted agent's and server's numbers; `None` when one of them stands in no receipt.
    fn wanted(&self, filter: &Filter) -> Option<(Option<Name>, Option<Name>)> {
        let known = |name: Option<&str>| name.map(|name| self.0.get(name).copied());
        let agent = known(filter.agent.as_ref().map(AgentName::as_str));
        let server = known(filter.server.as_ref().map(ServerName::as_str));
        Some((
            agent.map_or(Some(None), |found| found.map(Some))?,
            server.map_or(Some(None), |found| found.map(Some))?,
        ))
    }
}

/// Reads one line, without its line feed.
pub(crate) fn read_line(dir: &Path, place: Place) -> Result<Vec<u8>, LedgerError> {
    Reader { dir, open: None }.line(place)
}

/// Reads the receipts at `places` and keeps those with the wanted text.
pub(crate) fn read(dir: &Path, places: &[Place], filter: &Filter) -> Result<Vec<Entry>, LedgerError> {
    let wanted = filter.text.as_deref().map(Wanted::new);
    let mut found = Vec::new();
    let mut reader = Reader { dir, open: None };
    for place in places {
        if found.len() == filter.limit() {
            break;
        }
        let line = reader.line(*place)?;
        if wanted.as_ref().is_some_and(|wanted| !wanted.may_be_in(&line)) {
            continue;
        }
        let entry = Entry::read(&line)?;
        if wanted.as_ref().is_none_or(|wanted| wanted.is_in(&entry)) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// Reads lines, keeping the last file open.
struct Reader<'a> {
    dir: &'a Path,
    open: Option<(u32, File)>,
}

impl Reader<'_> {
    fn line(&mut self, place: Place) -> Result<Vec<u8>, LedgerError> {
        let path = file_path(self.dir, place.file);
        let file = match self.open.take().filter(|(number, _)| *number == place.file) {
            Some((_, file)) => file,
            None => File::open(&path).map_err(LedgerError::io("open", &path))?,
        };
        let mut line = vec![0; place.length.saturating_sub(1)];
        file.read_exact_at(&mut line, place.offset).map_err(LedgerError::io("read", &path))?;
        self.open = Some((place.file, file));
        Ok(line)
    }
}
