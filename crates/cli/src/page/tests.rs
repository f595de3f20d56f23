//! How pages look.

use super::{Cell, Page, Paint, Tone};

#[test]
fn columns_line_up_and_no_line_ends_in_spaces() {
    let mut page = Page::new(Paint::NONE);
    page.table(
        ["AGENT", "STATE", "PROGRAM"],
        &[
            [
                Cell::new(Tone::Strong, "claude-code"),
                Cell::new(Tone::Good, "enrolled"),
                Cell::plain("/usr/bin/claude"),
            ],
            [Cell::plain("x"), Cell::plain("paused"), Cell::plain("")],
            [Cell::plain(""), Cell::plain(""), Cell::plain("alone")],
        ],
    );
    page.gap();
    page.facts([
        ("Agent", Cell::plain("x")),
        ("Arguments", Cell::plain("{\n  \"a\": 1\n}")),
        ("None", Cell::plain("")),
    ]);
    insta::assert_snapshot!(page.into_text());
}
