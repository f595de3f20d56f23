//! What the human reads in the browser once it comes back: plain, without scripts, and without anything from elsewhere.

use domain::ServerName;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const TEMPLATE: &str = include_str!("page.html");
const OK: &str = "200 OK";
/// A tab that does not take its page in this time does without.
const PATIENCE: Duration = Duration::from_secs(5);

/// One page.
pub(crate) struct Page {
    status: &'static str,
    title: String,
    text: String,
}

/// A browser tab that waits to be told what happened.
pub(crate) struct Tab(TcpStream);

impl Page {
    pub(crate) fn logged_in(server: &ServerName) -> Self {
        let text = "The wallet holds the login now; no agent will see it. You can close this tab.";
        Self { status: OK, title: format!("Logged in to {server}"), text: text.into() }
    }

    /// `why` may hold a stranger's words; they are shown as text.
    pub(crate) fn failed(server: &ServerName, why: &str) -> Self {
        let text = format!("{why}. You can close this tab; the wallet says more.");
        Self { status: "400 Bad Request", title: format!("Not logged in to {server}"), text }
    }

    pub(crate) fn another_login() -> Self {
        let text = "This page belongs to a login that is over, or to none. Nothing was changed. You can close this tab.";
        Self { status: "400 Bad Request", title: "Not the login that is open".into(), text: text.into() }
    }

    pub(crate) fn nothing_here() -> Self {
        Self {
            status: "404 Not Found",
            title: "Nothing is here".into(),
            text: "You can close this tab.".into(),
        }
    }

    /// The mark is whole where both halves met, and half where they did not.
    fn html(&self) -> String {
        let mark = if self.status == OK { "whole" } else { "half" };
        let page = TEMPLATE.replace("{{mark}}", mark).replace("{{title}}", &escape(&self.title));
        page.replace("{{text}}", &escape(&self.text))
    }
}

impl Tab {
    pub(crate) const fn new(stream: TcpStream) -> Self {
        Self(stream)
    }

    /// Shows the page and lets the tab go. A tab that was closed meanwhile is no error.
    pub(crate) async fn say(mut self, page: &Page) {
        let (status, html) = (page.status, page.html());
        let response = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'\r\n\
             Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\
             Connection: close\r\n\r\n{html}",
            html.len(),
        );
        let sent = tokio::time::timeout(PATIENCE, async {
            self.0.write_all(response.as_bytes()).await?;
            self.0.shutdown().await
        });
        if !matches!(sent.await, Ok(Ok(()))) {
            tracing::debug!("the browser tab was closed early");
        }
    }
}

/// Text for HTML. Braces too, so that a title can't hold the text's place.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '{' | '}' => escaped.push_str(&format!("&#{};", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_words_are_text_on_the_page() {
        let server = ServerName::parse("s").unwrap();
        let html = Page::failed(&server, "<script>x</script> {{text}}").html();
        assert!(!html.contains("<script>") && !html.contains("{{"), "{html}");
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let html = Page::logged_in(&ServerName::parse("s").unwrap()).html();
        for needs in ["http:", "https:", "src=", "<link", "@import", "url("] {
            assert!(!html.contains(needs), "{needs}");
        }
    }
}
