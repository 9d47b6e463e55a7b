//! Checks as JUnit XML, which most CI systems read: a suite a severity, a test case a check.

use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::details;
use crate::report::sanitize;
use crate::webhook::probe::Severity;
use crate::webhook::probe::examination::Examination;
use crate::webhook::probe::judging::{Check, Status};

/// The report, as a whole XML document.
pub fn write(examination: &Examination) -> io::Result<Vec<u8>> {
    let mut report = Report::new(format!("wh check {}", examination.scheme));
    report.set_time(examination.duration);
    for severity in Severity::ALL {
        let mut suite = TestSuite::new(format!("{} {}", examination.scheme, severity.name()));
        suite.add_property(("url", sanitize::line(&examination.url).as_ref()));
        suite.add_property(("event", sanitize::line(&examination.event).as_ref()));
        for check in examination.of(severity) {
            suite.add_test_case(case(check, examination));
        }
        if !suite.test_cases.is_empty() {
            suite.set_time(examination.of(severity).map(|check| check.duration).sum());
            report.add_test_suite(suite);
        }
    }
    let text = report.to_string().map_err(io::Error::other)?;
    Ok(without_skips_of_all(&text).into_bytes())
}

/// The document without the number of skips of all suites together, which is in no schema: Jenkins refuses a report
/// with it (<https://github.com/jenkinsci/xunit-plugin>, junit-10.xsd). Each suite has its own.
fn without_skips_of_all(text: &str) -> String {
    let Some((head, rest)) = text.split_once("<testsuites") else { return text.to_owned() };
    let Some((attributes, suites)) = rest.split_once('>') else { return text.to_owned() };
    let kept: Vec<&str> = attributes.split(' ').filter(|attribute| !attribute.starts_with("skipped=")).collect();
    format!("{head}<testsuites{}>{suites}", kept.join(" "))
}

fn case(check: &Check, examination: &Examination) -> TestCase {
    let got = sanitize::line(&check.got).into_owned();
    let status = if examination.is_failure(check) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(check.severity.name()).set_message(got).set_description(details(check));
        status
    } else if check.status == Status::Skip {
        let mut status = TestCaseStatus::skipped();
        status.set_message(got);
        status
    } else {
        TestCaseStatus::success()
    };
    let mut case = TestCase::new(check.id, status);
    case.set_classname(format!("wh.{}.{}", examination.scheme, check.severity.name()));
    case.set_time(check.duration);
    if check.status == Status::Warn && !examination.is_failure(check) {
        case.set_system_out(format!("warning: {}\n{}", sanitize::line(&check.title), details(check)));
    }
    case
}
