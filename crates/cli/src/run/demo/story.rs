//! What the demo tells: scenes with lines, as they happen for a person, all at the end for a program.

use crate::page::{Page, Paint, Tone, words};
use crate::{Failure, Out};
use serde::Serialize;
use serde_json::json;
use std::io::Write;
use std::time::Duration;

/// How long a scene stands before the next.
const PAUSE: Duration = Duration::from_millis(600);
/// So much of an answer is told.
const WIDTH: usize = 100;

/// The story so far.
pub(super) struct Story<'a> {
    out: &'a Out,
    pause: Duration,
    scenes: Vec<Scene>,
}

#[derive(Serialize)]
struct Scene {
    scene: String,
    lines: Vec<String>,
}

impl<'a> Story<'a> {
    pub(super) fn new(out: &'a Out, quick: bool) -> Self {
        let pause = if quick || out.is_json() { Duration::ZERO } else { PAUSE };
        Self { out, pause, scenes: Vec::new() }
    }

    /// Opens a scene with one sentence.
    pub(super) fn scene(&mut self, sentence: &str) {
        std::thread::sleep(self.pause);
        self.scenes.push(Scene { scene: sentence.to_owned(), lines: Vec::new() });
        let number = self.scenes.len();
        self.say(|page| {
            page.gap();
            page.toned(Tone::Strong, format!("{number:>2}  {sentence}"));
        });
    }

    /// Shows what the agent asked for and got.
    pub(super) fn agent(&mut self, asked: &str, got: &str) {
        let got = words::short(&words::visible(got.trim().lines().next().unwrap_or_default()), WIDTH);
        self.line(Tone::Good, &format!("scout: {asked}  →  {got}"));
    }

    /// Tells one line.
    pub(super) fn line(&mut self, tone: Tone, text: &str) {
        if let Some(scene) = self.scenes.last_mut() {
            scene.lines.push(text.to_owned());
        }
        self.say(|page| page.toned(tone, format!("    {text}").trim_end()));
    }

    /// Says how it ended.
    pub(super) fn finish(self) -> Result<(), Failure> {
        self.out.show(&json!({ "done": true, "scenes": self.scenes }), |page| {
            page.gap();
            page.toned(Tone::Good, "That is all of it. Yours begins with: countersign init");
        })
    }

    /// To a person as it happens; a program gets it all at the end.
    fn say(&self, write: impl FnOnce(&mut Page)) {
        if self.out.is_json() {
            return;
        }
        let mut stdout = std::io::stdout().lock();
        let mut page = Page::new(Paint::on(&stdout));
        write(&mut page);
        // Nobody looks any more: the story goes on to its end, which cleans up.
        let _ = stdout.write_all(page.into_text().as_bytes()).and_then(|()| stdout.flush());
    }
}
