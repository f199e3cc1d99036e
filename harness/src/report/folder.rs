//! The run folder: where what lies, and reading it back, also after a run that was killed.
//!
//! Names are numbers of ours and fixed words; no text of a SUT becomes part of a path.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read as _, Write as _},
    path::{Component, Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{Line, Played, RUN_SCHEMA, Run};
use crate::trace::{Trace, jsonl};

/// Longest file that is read, in octets.
const LONGEST_FILE: u64 = 512 << 20;

/// A run folder:
///
/// ```text
/// run.json  events.jsonl
/// scenarios/<n>/played.json  trace.jsonl  findings.jsonl
/// ```
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

/// What [`weigh`](super::weigh) needs, read from a run folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What the run was about.
    pub run: Run,
    /// The judged lines, by scenario.
    pub lines: Vec<Line>,
    /// The scenarios, by number.
    pub scenarios: Vec<Played>,
    /// What a killed run left unfinished, in sentences.
    pub remarks: Vec<String>,
}

/// Why a run folder could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something is there already, and nothing is overwritten.
    #[error("{}: is no empty folder; name another one", .0.display())]
    Exists(PathBuf),
    /// A file or folder that cannot be written or read.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line that is not what it has to be; 1-based.
    #[error("{}:{line}: {message}", path.display())]
    Line {
        /// In which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

impl FolderError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Io { path: path.to_owned(), error }
    }

    fn line(path: &Path, line: usize, message: impl ToString) -> Self {
        Self::Line { path: path.to_owned(), line, message: message.to_string() }
    }
}

impl Folder {
    /// Makes a new run folder at `root`, with its parents.
    ///
    /// # Errors
    /// [`FolderError::Exists`] if there is anything at `root` but an empty folder.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, FolderError> {
        let root = root.into();
        match fs::read_dir(&root) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(FolderError::Exists(root));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(FolderError::Exists(root)),
            Err(error) => return Err(FolderError::Io { path: root, error }),
        }
        let scenarios = root.join("scenarios");
        fs::create_dir_all(&scenarios).map_err(FolderError::io(&scenarios))?;
        Ok(Self { root })
    }

    /// The run folder at `root`, which is there already.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it lies.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of scenario number `n`.
    #[must_use]
    pub fn scenario(&self, n: usize) -> PathBuf {
        self.root.join("scenarios").join(n.to_string())
    }

    /// The trace file of scenario number `n` as evidence names it: from the root, with `/`.
    #[must_use]
    pub fn trace_name(n: usize) -> String {
        format!("scenarios/{n}/trace.jsonl")
    }

    /// Writes `run.json`, in place of an earlier one; a reader sees the old or the new, never half of one.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn write_run(&self, run: &Run) -> Result<(), FolderError> {
        write(&self.root.join("run.json"), run)
    }

    /// Writes `played.json` of the scenario, whose folder must be there.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn write_played(&self, played: &Played) -> Result<(), FolderError> {
        write(&self.scenario(played.number).join("played.json"), played)
    }

    /// The trace that evidence or a scenario names.
    ///
    /// # Errors
    /// [`FolderError`] naming file and line; a torn last line is none.
    pub fn trace(&self, name: &str) -> Result<Trace, FolderError> {
        let path = self.root.join(name);
        if !stays_within(name) {
            return Err(FolderError::line(&path, 1, "lies outside the run folder"));
        }
        let file = open(&path)?;
        jsonl::read(BufReader::new(file)).map(|read| read.trace).map_err(|error| match error {
            jsonl::ReadError::Io(error) => FolderError::Io { path, error },
            jsonl::ReadError::Line { line, message } => FolderError::Line { path, line, message },
        })
    }

    /// Reads the run folder at `root`. Evidence that names no trace gets that of its scenario.
    ///
    /// # Errors
    /// [`FolderError`] naming file and line. A path that leaves the folder is one.
    pub fn read(root: impl Into<PathBuf>) -> Result<Recorded, FolderError> {
        let folder = Self::at(root);
        let path = folder.root.join("run.json");
        let run: Run = json(&path)?;
        if run.schema != RUN_SCHEMA {
            return Err(FolderError::line(&path, 1, format!("schema {:?}; this version reads {RUN_SCHEMA:?}", run.schema)));
        }
        let (mut lines, mut scenarios, mut remarks) = (Vec::new(), Vec::new(), Vec::new());
        for number in folder.numbers()? {
            let path = folder.scenario(number).join("played.json");
            if path.exists() {
                let played: Played = json(&path)?;
                belongs(&path, 1, number, played.number)?;
                within(&path, 1, &played.trace)?;
                scenarios.push(played);
            } else {
                remarks.push(format!("scenarios/{number}: played.json is missing; the run ended before the scenario did"));
            }
            folder.findings(number, &mut lines, &mut remarks)?;
        }
        Ok(Recorded { run, lines, scenarios, remarks })
    }

    /// Numbers of the scenarios that have a folder, in order.
    fn numbers(&self) -> Result<Vec<usize>, FolderError> {
        let path = self.root.join("scenarios");
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&path).map_err(FolderError::io(&path))? {
            let name = entry.map_err(FolderError::io(&path))?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.parse::<usize>().ok().filter(|n| n.to_string() == name)));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn findings(&self, number: usize, lines: &mut Vec<Line>, remarks: &mut Vec<String>) -> Result<(), FolderError> {
        let path = self.scenario(number).join("findings.jsonl");
        if !path.exists() {
            return Ok(());
        }
        let text = content(&path)?;
        let mut rest = text.as_slice();
        let mut at = 0;
        while !rest.is_empty() {
            at += 1;
            let end = rest.iter().position(|octet| *octet == b'\n');
            let (one, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            rest = after;
            let mut line: Line = match serde_json::from_slice(one) {
                Ok(line) => line,
                Err(_) if end.is_none() => {
                    remarks.push(format!("scenarios/{number}/findings.jsonl: the last line is torn and left out"));
                    break;
                }
                Err(error) => return Err(FolderError::line(&path, at, error)),
            };
            belongs(&path, at, number, line.number)?;
            for evidence in line.evidence.iter_mut().chain(line.findings.iter_mut().flat_map(|finding| &mut finding.evidence)) {
                if evidence.trace.is_empty() {
                    evidence.trace = Self::trace_name(number);
                }
                within(&path, at, &evidence.trace)?;
            }
            lines.push(line);
        }
        Ok(())
    }
}

fn belongs(path: &Path, line: usize, number: usize, says: usize) -> Result<(), FolderError> {
    if number == says {
        Ok(())
    } else {
        Err(FolderError::line(path, line, format!("belongs to scenario {says}, but lies in folder {number}")))
    }
}

fn within(path: &Path, line: usize, name: &str) -> Result<(), FolderError> {
    if stays_within(name) { Ok(()) } else { Err(FolderError::line(path, line, format!("{name:?} lies outside the run folder"))) }
}

/// Whether a path from a file names something below the folder, on any system.
fn stays_within(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(['\\', ':', '\0'])
        && Path::new(name).components().all(|component| matches!(component, Component::Normal(_)))
}

fn open(path: &Path) -> Result<io::Take<File>, FolderError> {
    let file = File::open(path).map_err(FolderError::io(path))?;
    let length = file.metadata().map_err(FolderError::io(path))?.len();
    if length > LONGEST_FILE {
        return Err(FolderError::line(path, 1, format!("{length} octets are more than the {LONGEST_FILE} that are read")));
    }
    Ok(file.take(LONGEST_FILE))
}

fn content(path: &Path) -> Result<Vec<u8>, FolderError> {
    let mut content = Vec::new();
    open(path)?.read_to_end(&mut content).map_err(FolderError::io(path))?;
    Ok(content)
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, FolderError> {
    serde_json::from_slice(&content(path)?).map_err(|error| FolderError::line(path, error.line(), error))
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), FolderError> {
    let new = path.with_extension("json.new");
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| FolderError::io(&new)(error.into()))?;
    text.push(b'\n');
    File::create(&new).and_then(|mut file| file.write_all(&text)).map_err(FolderError::io(&new))?;
    fs::rename(&new, path).map_err(FolderError::io(path))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::{
        report::{fixture, weigh},
        trace::Transport,
    };

    /// The fixed run as a folder.
    fn folder() -> (tempfile::TempDir, Folder) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::create(temporary.path().join("run")).unwrap();
        let report = fixture::report();
        let asked = report.requirements.iter().map(|row| fixture::asked(&row.id)).collect();
        folder.write_run(&fixture::run(asked)).unwrap();
        for played in &report.scenarios {
            fs::create_dir(folder.scenario(played.number)).unwrap();
            folder.write_played(played).unwrap();
            let lines = report.requirements.iter().flat_map(|row| &row.lines).filter(|line| line.number == played.number);
            let text: String = lines.map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
            fs::write(folder.scenario(played.number).join("findings.jsonl"), text).unwrap();
            if fixture::trace(&played.trace).is_some() {
                fs::write(folder.root().join(&played.trace), fixture::trace_file(&played.trace, Transport::Udp)).unwrap();
            }
        }
        (temporary, folder)
    }

    fn append(folder: &Folder, number: usize, text: &str) {
        let path = folder.scenario(number).join("findings.jsonl");
        let old = fs::read_to_string(&path).unwrap();
        fs::write(path, old + text).unwrap();
    }

    fn refused(folder: &Folder) -> String {
        let root = folder.root().display().to_string();
        Folder::read(folder.root()).unwrap_err().to_string().replace(&root, "RUN")
    }

    #[test]
    fn a_run_folder_gives_back_what_was_written() {
        let (_temporary, folder) = folder();
        let Recorded { run, lines, scenarios, remarks } = Folder::read(folder.root()).unwrap();
        assert_eq!(remarks, Vec::<String>::new());
        let counts = weigh(&run, lines, scenarios).counts;
        assert_eq!((counts.fail, counts.error, counts.inconclusive, counts.scenarios), (2, 1, 1, 3));
        assert_eq!(folder.trace("scenarios/1/trace.jsonl").unwrap(), fixture::trace("scenarios/1/trace.jsonl").unwrap());
    }

    #[test]
    fn nothing_that_exists_is_overwritten() {
        let (_temporary, folder) = folder();
        assert!(matches!(Folder::create(folder.root()), Err(FolderError::Exists(_))));
        assert!(matches!(Folder::create(folder.root().join("run.json")), Err(FolderError::Exists(_))));
        assert!(Folder::create(folder.root().join("empty")).is_ok());
        assert!(!folder.root().join("run.json.new").exists());
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_told() {
        let (_temporary, folder) = folder();
        append(&folder, 1, "{\"requirement\": \"CONV-");
        fs::remove_file(folder.scenario(2).join("played.json")).unwrap();
        let Recorded { lines, scenarios, remarks, .. } = Folder::read(folder.root()).unwrap();
        assert_eq!((lines.len(), scenarios.len()), (6, 2));
        assert_eq!(
            remarks,
            [
                "scenarios/1/findings.jsonl: the last line is torn and left out",
                "scenarios/2: played.json is missing; the run ended before the scenario did",
            ]
        );
    }

    #[test]
    fn any_other_malformed_line_is_an_error_that_names_file_and_line() {
        let (_temporary, folder) = folder();
        append(&folder, 2, "{}\n");
        assert_eq!(refused(&folder), "RUN/scenarios/2/findings.jsonl:2: missing field `requirement` at line 1 column 2");
    }

    #[test]
    fn a_path_that_leaves_the_folder_is_refused() {
        for name in ["/etc/passwd", "../x", "scenarios/../../x", "C:\\x", "a\\b", ".", ""] {
            assert!(!stays_within(name), "{name}");
            assert!(Folder::at("run").trace(name).is_err());
        }
        let (_temporary, folder) = folder();
        let mut line = fixture::line("X-1-1");
        line.evidence = vec![crate::verdict::Evidence { trace: "../secret".into(), ..crate::verdict::Evidence::at(0, 0, 0) }];
        append(&folder, 1, &(serde_json::to_string(&line).unwrap() + "\n"));
        assert_eq!(refused(&folder), "RUN/scenarios/1/findings.jsonl:6: \"../secret\" lies outside the run folder");
    }

    #[test]
    fn a_line_in_the_folder_of_another_scenario_is_refused() {
        let (_temporary, folder) = folder();
        append(&folder, 3, &(serde_json::to_string(&fixture::line("X-1-1")).unwrap() + "\n"));
        assert_eq!(refused(&folder), "RUN/scenarios/3/findings.jsonl:1: belongs to scenario 1, but lies in folder 3");
    }
}
