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
    strict: bool,
    steps: Vec<Step>,
    failed: Option<String>,
}

impl Report {
    /// An empty report; with `json` only its last line is printed. A step over its budget fails the journey only where
    /// it is `strict`: beside other work its time says more about that work.
    pub fn new(json: bool, strict: bool) -> Self {
        Self { json, strict, steps: Vec::new(), failed: None }
    }

    /// Prints the columns' names.
    pub fn head(&self) {
        self.print(&format!("{:<44} {:>7} {:>9} {:>6}", "step", "ms", "budget", "calls"));
    }

    /// Prints a line for people.
    pub fn print(&self, line: &str) {
        if !self.json {
            println!("{line}");
        }
    }

    /// Records a step that did what it should.
    pub fn passed(&mut self, name: &str, ms: u64, budget_ms: u64, calls: usize) {
        let over = ms > budget_ms;
        self.print(&format!(
            "{name:<44} {ms:>7} {budget_ms:>9} {calls:>6}{}",
            if over { "  OVER BUDGET" } else { "" }
        ));
        self.steps.push(Step { name: name.to_owned(), ms, budget_ms, calls });
        if over && self.strict && self.failed.is_none() {
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
            let over = self.steps.iter().filter(|step| step.ms > step.budget_ms).count();
            let budgets = if over == 0 { "all in budget".to_owned() } else { format!("{over} over budget") };
            println!("\n{} steps, {budgets}.", self.steps.len());
        }
        ok
    }
}
