//! The layout that all e-mails share: a letter's parts, as plain text and as HTML that mail clients show alike.
//!
//! Everything is inline and nothing is fetched: no images, fonts or style sheets from elsewhere.

use super::Email;

/// The Blueprint's colours. Text is shown on `PAPER` or `CANVAS`, the button's label on the tone's colour.
const CANVAS: &str = "#F5F3EE";
const PAPER: &str = "#FFFEF9";
const INK: &str = "#1A1A1A";
const SECOND_INK: &str = "#4A4A4A";
const MUTED_INK: &str = "#6B6B6B";
const RULE: &str = "#E0DED8";

const SERIF: &str = "'Playfair Display',Georgia,'Times New Roman',serif";
const SANS: &str = "Inter,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONO: &str = "'JetBrains Mono',Menlo,Consolas,monospace";

/// Good or bad news; the words always say it too, never the colour alone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tone {
    Plain,
    Success,
    Warning,
    Error,
}

impl Tone {
    fn colour(self) -> &'static str {
        match self {
            Tone::Plain => "#3A5A7C",
            Tone::Success => "#2D5A3D",
            Tone::Warning => "#8B6914",
            Tone::Error => "#8B3A3A",
        }
    }
}

/// A letter's parts before they are laid out. None of its texts is escaped.
pub(super) struct Letter {
    pub tone: Tone,
    /// One word or two above the heading, such as `Receipt`.
    pub kind: &'static str,
    /// The subject, and the heading.
    pub subject: String,
    /// What the inbox shows beside the subject.
    pub preheader: String,
    /// The recipient's name; may be empty.
    pub name: String,
    pub paragraphs: Vec<String>,
    /// Labels and values; those without a value are left out.
    pub facts: Vec<(&'static str, String)>,
    /// The button's label and its link.
    pub action: (&'static str, String),
    /// Small print below the button.
    pub notes: Vec<String>,
    /// The workspace that it is about; may be empty.
    pub workspace: String,
}

impl Letter {
    fn greeting(&self) -> String {
        if self.name.is_empty() { "Hello,".to_owned() } else { format!("Hello {},", self.name) }
    }

    fn origin(&self) -> String {
        match self.workspace.as_str() {
            "" => "Sent by Gatehouse.".to_owned(),
            name => format!("Sent by Gatehouse about the workspace {name}."),
        }
    }

    fn known_facts(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.facts.iter().filter(|(_, value)| !value.is_empty())
    }

    /// The letter as text and as HTML.
    pub(super) fn write(self) -> Email {
        Email { text: self.text(), html: self.html(), subject: self.subject }
    }

    fn text(&self) -> String {
        let mut blocks = vec![self.greeting()];
        blocks.extend(self.paragraphs.iter().cloned());
        let facts: Vec<String> =
            self.known_facts().map(|(label, value)| format!("{label}: {value}")).collect();
        if !facts.is_empty() {
            blocks.push(facts.join("\n"));
        }
        blocks.push(format!("{}: {}", self.action.0, self.action.1));
        blocks.extend(self.notes.iter().cloned());
        blocks.push(format!("-- \n{}", self.origin()));
        blocks.join("\n\n") + "\n"
    }

    fn html(&self) -> String {
        let colour = self.tone.colour();
        let subject = escape(&self.subject);
        let paragraph = |text: &String| {
            format!(
                "<p style=\"margin:0 0 16px;font-size:16px;line-height:24px;color:{INK}\">{}</p>\n",
                escape(text)
            )
        };
        let fact = |(label, value): &(&'static str, String)| {
            // An id fits on one line of a telephone, and its letters cannot be mixed up.
            let font = match *label {
                "Order" | "Last order" | "Refund" => format!("font:13px/24px {MONO}"),
                _ => "font-size:16px;line-height:24px".to_owned(),
            };
            format!(
                "<dt style=\"margin:0;font:12px/16px {MONO};letter-spacing:0.04em;color:{MUTED_INK}\">{label}</dt>\n\
                 <dd style=\"margin:0 0 12px;{font};color:{INK};word-break:break-word\">{}</dd>\n",
                escape(value)
            )
        };
        let note = |text: &String| {
            format!(
                "<p style=\"margin:16px 0 0;font-size:14px;line-height:20px;color:{SECOND_INK}\">{}</p>\n",
                escape(text)
            )
        };
        let paragraphs: String =
            std::iter::once(&self.greeting()).chain(&self.paragraphs).map(paragraph).collect();
        let facts: String = self.known_facts().map(fact).collect();
        let facts = if facts.is_empty() {
            facts
        } else {
            format!(
                "<dl style=\"margin:24px 0 12px;padding:16px 0 4px;border-top:1px solid {RULE};\
                 border-bottom:1px solid {RULE}\">\n{facts}</dl>\n"
            )
        };
        let notes: String = self.notes.iter().map(note).collect();
        let (action, link) = (self.action.0, escape(&self.action.1));
        let (preheader, origin, kind) = (escape(&self.preheader), escape(&self.origin()), self.kind);
        // Outlook for Windows knows no max-width; the comment gives it a column of 600 pixels.
        format!(
            "<!doctype html>\n\
<html lang=\"en\">\n\
<head>\n\
<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
<meta name=\"color-scheme\" content=\"light\">\n\
<title>{subject}</title>\n\
</head>\n\
<body style=\"margin:0;padding:0;background:{CANVAS};font-family:{SANS}\">\n\
<div style=\"display:none;max-height:0;overflow:hidden\">{preheader}</div>\n\
<div style=\"padding:24px 12px;background:{CANVAS}\">\n\
<!--[if mso]><table role=\"presentation\" width=\"600\" align=\"center\"><tr><td><![endif]-->\n\
<div style=\"max-width:600px;margin:0 auto\">\n\
<p style=\"margin:0 0 12px;padding:0 4px;font:12px/16px {MONO};letter-spacing:0.08em;color:{MUTED_INK}\">GATEHOUSE &mdash; {kind}</p>\n\
<div style=\"padding:24px 20px;background:{PAPER};border:1px solid {RULE};border-top:3px solid {colour};border-radius:8px\">\n\
<h1 style=\"margin:0 0 24px;font-family:{SERIF};font-size:26px;line-height:32px;font-weight:600;color:{INK}\">{subject}</h1>\n\
{paragraphs}{facts}\
<p style=\"margin:24px 0 12px\"><a href=\"{link}\" style=\"display:inline-block;padding:12px 24px;background:#3A5A7C;\
border-radius:8px;font-size:16px;line-height:24px;font-weight:600;color:{PAPER};text-decoration:none\">{action}</a></p>\n\
<p style=\"margin:0;font-size:13px;line-height:20px;color:{MUTED_INK};word-break:break-all\">\
<a href=\"{link}\" style=\"color:#3A5A7C\">{link}</a></p>\n\
{notes}</div>\n\
<p style=\"margin:16px 4px 0;font-size:13px;line-height:20px;color:{MUTED_INK}\">{origin}</p>\n\
</div>\n\
<!--[if mso]></td></tr></table><![endif]-->\n\
</div>\n\
</body>\n\
</html>\n"
        )
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of `#RRGGBB` (WCAG 2.1).
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn every_pair_of_colours_reads_at_aa() {
        let blue = Tone::Plain.colour();
        for (text, ground) in [
            (INK, PAPER),
            (SECOND_INK, PAPER),
            (MUTED_INK, PAPER),
            (MUTED_INK, CANVAS),
            (blue, PAPER),
            (PAPER, blue),
        ] {
            let (a, b) = (luminance(text), luminance(ground));
            let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2}");
        }
    }
}
