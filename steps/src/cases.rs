//! Scenarios as cases: which requirements they judge, what the ICS has to say yes to, and whether every line is understood.

use std::collections::BTreeMap;

use cucumber::{World as _, step::Collection};
use gherkin::{Feature, Step};
use harness::{
    requirement::Catalogue,
    scenario::Scenario,
    sut::{Profile, Role},
    verdict::Reason,
    yaml,
};

use crate::{
    files::{Suite, SuiteError, path_of},
    params::{Clause, Session, Untested},
    world::World,
};

/// One scenario, or one row of an outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Feature file, from the root of the suite.
    pub feature: String,
    /// Its section: `CONV-7.2.1.1`.
    pub section: String,
    /// The role that it is about.
    pub role: Role,
    /// Title.
    pub title: String,
    /// Line in the feature; for a row of an outline, the row.
    pub line: usize,
    /// ICS items that have to be yes.
    pub ics: Vec<String>,
    /// Lines with a clause: requirement, line, text behind the clause, and the reason if it is not tested.
    pub judged: Vec<Judged>,
}

/// A line with a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Id of the requirement.
    pub requirement: String,
    /// Line in the feature.
    pub line: usize,
    /// The step behind the clause.
    pub step: String,
    /// Why it is not tested, if it says so.
    pub untested: Option<Reason>,
}

impl Case {
    /// What rules the case out, in words: another role, another edition, or claims of the ICS; `None`: it applies.
    #[must_use]
    pub fn ruled_out(&self, profile: &Profile) -> Option<String> {
        if profile.role != self.role {
            return Some(format!("the profile is of a {}, this is about a {}", profile.role.name(), self.role.name()));
        }
        if let Some(edition) = profile.other_edition(&self.section) {
            return Some(edition);
        }
        let no: Vec<_> = self.ics.iter().filter(|item| profile.ics.claims(item) != Some(true)).map(|item| format!("{item}: no")).collect();
        (!no.is_empty()).then(|| format!("the ICS says {}", no.join(", ")))
    }
}

/// All cases of the suite, in the order of the files.
#[must_use]
pub fn cases(suite: &Suite) -> Vec<Case> {
    suite.features.iter().flat_map(of_feature).collect()
}

/// The section that a feature is tagged with.
#[must_use]
pub fn section_of(feature: &Feature) -> String {
    let is_section = |tag: &&String| tag.split_once('-').is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
    feature.tags.iter().find(is_section).cloned().unwrap_or_default()
}

/// The role that a feature is tagged with: `sut-cpm-client`.
#[must_use]
pub fn role_of(feature: &Feature) -> Option<Role> {
    feature.tags.iter().find_map(|tag| Role::named(tag.strip_prefix("sut-")?))
}

fn of_feature(feature: &Feature) -> Vec<Case> {
    let section = section_of(feature);
    let role = role_of(feature).unwrap_or(Role::CpmClient);
    let background = |b: &Option<gherkin::Background>| b.as_ref().map(|b| b.steps.clone()).unwrap_or_default();
    let own = feature.scenarios.iter().map(|s| (&[][..], Vec::new(), s));
    let ruled =
        feature.rules.iter().flat_map(|rule| rule.scenarios.iter().map(|s| (rule.tags.as_slice(), background(&rule.background), s)));
    own.chain(ruled)
        .map(|(tags, between, scenario)| {
            let tags = feature.tags.iter().chain(tags).chain(&scenario.tags);
            let steps = background(&feature.background).into_iter().chain(between).chain(scenario.steps.iter().cloned());
            Case {
                feature: path_of(feature),
                section: section.clone(),
                role,
                title: scenario.name.clone(),
                line: scenario.position.line,
                ics: tags.filter_map(|tag| tag.strip_prefix("ics-")).map(str::to_owned).collect(),
                judged: steps.filter_map(|step| judged(&step, &section)).collect(),
            }
        })
        .collect()
}

/// The line as one with a clause, if it has one.
#[must_use]
pub fn judged(step: &Step, section: &str) -> Option<Judged> {
    let (clause, text) = step.value.strip_prefix('[')?.split_once("] ")?;
    let untested = text.strip_prefix("is not tested, because ").and_then(|reason| reason.parse::<Untested>().ok()).map(|r| r.0);
    Some(Judged { requirement: Clause(clause.to_owned()).id(section), line: step.position.line, step: text.to_owned(), untested })
}

/// Requirements with the cases that judge them, in the order of the catalogue; every row has an entry.
#[must_use]
pub fn by_requirement<'a>(catalogue: &Catalogue, cases: &'a [Case]) -> BTreeMap<String, Vec<&'a Case>> {
    let mut by: BTreeMap<String, Vec<&Case>> = catalogue.rows().map(|row| (row.id.clone(), Vec::new())).collect();
    for case in cases {
        for judged in case.judged.iter().filter(|j| j.untested.is_none()) {
            let entry = by.entry(judged.requirement.clone()).or_default();
            if entry.last() != Some(&case) {
                entry.push(case);
            }
        }
    }
    by
}

/// What is wrong with the features: lines that no sentence or several sentences match, scenarios without steps, clauses
/// without row, rows without line, ICS tags and names of scenarios, messages and conducts that do not exist.
///
/// # Errors
/// The first such thing, with file, line and the nearest right name.
pub fn lint(suite: &Suite) -> Result<(), SuiteError> {
    let sentences = World::collection();
    for feature in &suite.features {
        let path = path_of(feature);
        let at = |line: usize, message: String| SuiteError::Feature { path: path.clone(), line, message };
        let section = section_of(feature);
        if section.is_empty() {
            return Err(at(feature.position.line, "the feature has no section tag such as @CONV-7.2.1.1".to_owned()));
        }
        let Some(role) = role_of(feature) else {
            return Err(at(feature.position.line, "the feature has no tag of a role such as @sut-cpm-client".to_owned()));
        };
        let backgrounds =
            feature.background.iter().chain(feature.rules.iter().filter_map(|r| r.background.as_ref())).flat_map(|b| &b.steps);
        let scenarios = feature.scenarios.iter().chain(feature.rules.iter().flat_map(|r| &r.scenarios));
        for scenario in scenarios.clone() {
            if scenario.steps.is_empty() {
                return Err(at(scenario.position.line, format!("the scenario {:?} has no step; is a keyword misspelt?", scenario.name)));
            }
            for item in scenario
                .tags
                .iter()
                .chain(&feature.tags)
                .chain(feature.rules.iter().flat_map(|r| &r.tags))
                .filter_map(|t| t.strip_prefix("ics-"))
            {
                let known = harness::sut::ICS.iter().map(|(name, _)| *name);
                if !known.clone().any(|name| name == item) {
                    return Err(at(scenario.position.line, yaml::unknown("ICS item", item, known)));
                }
            }
        }
        let mut network = None;
        for step in backgrounds.chain(scenarios.flat_map(|s| &s.steps)) {
            matches_one(&sentences, step).map_err(|message| at(step.position.line, message))?;
            let judged = judged(step, &section);
            let row = judged.as_ref().and_then(|judged| suite.catalogue.get(&judged.requirement));
            if let (Some(judged), None) = (&judged, row) {
                let known = suite.catalogue.rows().map(|row| row.id.as_str());
                let nearest = yaml::nearest(&judged.requirement, known).map(|n| format!("; did you mean {n}?")).unwrap_or_default();
                return Err(at(step.position.line, format!("no requirement is called {}{nearest}", judged.requirement)));
            }
            if let Some(row) = row.filter(|row| row.role != role.name()) {
                return Err(at(step.position.line, format!("{} binds a {}, the feature is about a {}", row.id, row.role, role.name())));
            }
            named(suite, step, &mut network).map_err(|message| at(step.position.line, message))?;
        }
    }
    every_row_has_a_line(suite)
}

fn matches_one(sentences: &Collection<World>, step: &Step) -> Result<(), String> {
    match sentences.find(step) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(format!("no sentence of the vocabulary matches {:?}", step.value)),
        Err(error) => Err(format!("several sentences match {:?}: {error}", step.value)),
    }
}

/// The named message by which a session begins that somebody else than Alice invites to.
#[must_use]
pub fn opening(step: &str) -> Option<&'static str> {
    let (session, rest) = step.split_once(" is established between ")?;
    let kind = session.split_once(' ').map_or(session, |(_, kind)| kind);
    (!rest.starts_with("Alice")).then(|| Session(kind.to_owned()).opening())
}

/// Scenario files, messages and conducts that a step names have to exist.
fn named(suite: &Suite, step: &Step, network: &mut Option<String>) -> Result<(), String> {
    let known = |scenario: &Scenario| scenario.messages.keys().cloned().collect::<Vec<_>>();
    if let (Some(message), Some(scenario)) = (opening(&step.value), network.as_ref().and_then(|n| suite.scenarios.get(n)))
        && !scenario.messages.contains_key(message)
    {
        return Err(yaml::unknown("message", message, known(scenario).iter().map(String::as_str)));
    }
    let Some(name) = step.value.split('"').nth(1) else { return Ok(()) };
    if step.value.starts_with("the network of ") {
        let known = suite.scenarios.keys().map(String::as_str);
        if !suite.scenarios.contains_key(name) {
            return Err(yaml::unknown("scenario file", name, known.collect::<Vec<_>>()));
        }
        *network = Some(name.to_owned());
        return Ok(());
    }
    let Some(scenario) = network.as_ref().and_then(|n| suite.scenarios.get(n)) else { return Ok(()) };
    let sends = [" has received ", " has accepted "].iter().any(|words| step.value.contains(words))
        || step.value.contains(" sends \"") && step.value.ends_with('"');
    if sends && !step.value.starts_with("Alice sends") && !scenario.messages.contains_key(name) {
        return Err(yaml::unknown("message", name, known(scenario).iter().map(String::as_str)));
    }
    if step.value.contains(" behaves as ") && !scenario.conduct.contains_key(name) {
        return Err(yaml::unknown("conduct", name, scenario.conduct.keys().map(String::as_str).collect::<Vec<_>>()));
    }
    Ok(())
}

fn every_row_has_a_line(suite: &Suite) -> Result<(), SuiteError> {
    let cases = cases(suite);
    let has_line = |id: &str| cases.iter().any(|case| case.judged.iter().any(|j| j.requirement == id));
    match suite.catalogue.rows().find(|row| !has_line(&row.id)) {
        None => Ok(()),
        Some(row) => {
            let section = suite.catalogue.section_of(&row.id).map(|s| format!("{}-{}", s.document, s.section)).unwrap_or_default();
            Err(SuiteError::Feature {
                path: format!("features/catalogue/{section}.yaml"),
                line: 1,
                message: format!("{} has no line in any feature", row.id),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::opening;

    #[test]
    fn a_session_that_somebody_else_begins_has_an_invitation() {
        assert_eq!(opening("a CPM 1-1 Session is established between Bob and Alice"), Some("an invitation"));
        assert_eq!(opening("a CPM Group Session is established between the Lunch Group and Alice"), Some("a group invitation"));
        assert_eq!(opening("a CPM Group Session is established between Alice and the Lobby"), None);
        assert_eq!(opening("Alice is registered"), None);
    }
}
