//! What the journey prints.

use serde::Serialize;

/// One step, as `--json` has it.
#[derive(Serialize)]
struct Step {
    name: String,
    ms: u64,
    budget_ms: u64,
    calls: usize,
}

/// The steps so far.
pub struct Report {
    json: bool,
    steps: Vec<Step>,
    failed: Option<String>,
}

impl Report {
    /// An empty report; with `json` only its last line is printed.
    pub fn new(json: bool) -> Self {
        Self { json, steps: Vec::new(), failed: None }
    }

    /// Prints the columns' names.
    pub fn head(&self) {
        self.say(&format!("{:<44} {:>7} {:>9} {:>6}", "step", "ms", "budget", "calls"));
    }

    /// Prints a line for people.
    pub fn say(&self, line: &str) {
        if !self.json {
            println!("{line}");
        }
    }

    /// Records a step that did what it should; over budget it fails all the same.
    pub fn passed(&mut self, name: &str, ms: u64, budget_ms: u64, calls: usize) {
        let over = ms > budget_ms;
        self.say(&format!(
            "{name:<44} {ms:>7} {budget_ms:>9} {calls:>6}{}",
            if over { "  OVER BUDGET" } else { "" }
        ));
        self.steps.push(Step { name: name.to_owned(), ms, budget_ms, calls });
        if over && self.failed.is_none() {
            self.failed = Some(format!("{name} took {ms} ms; its budget is {budget_ms} ms."));
        }
    }

    /// Records the step at which the journey ended.
    pub fn failed(&mut self, name: &str, error: &anyhow::Error) {
        self.failed = Some(format!("{name}: {error:#}"));
    }

    /// Prints the end and says whether all went well.
    pub fn finish(self) -> bool {
        let ok = self.failed.is_none();
        if let Some(failed) = &self.failed {
            eprintln!("journey failed at {failed}");
        }
        if self.json {
            println!("{}", serde_json::json!({"ok": ok, "steps": self.steps, "failed": self.failed}));
        } else if ok {
            println!("\n{} steps, all in budget.", self.steps.len());
        }
        ok
    }
}
