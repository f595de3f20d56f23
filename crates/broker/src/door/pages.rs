//! What a browser shows while the human decides in the wallet, and what programs get. No page runs a script, sends a form or
//! can be put into another page's frame.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use issuer::Refusal;
use serde_json::Value;
use url::Url;

pub(super) type Page = Response<Bytes>;

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;\
                     padding:0 1.5rem}h1{font-size:1.3rem;font-weight:600}p{margin:.6rem 0}";

/// A document of JSON.
pub(super) fn document(value: &Value) -> Page {
    json(StatusCode::OK, value)
}

/// Something was made.
pub(super) fn created(value: &Value) -> Page {
    json(StatusCode::CREATED, value)
}

/// A client's request is refused.
pub(super) fn refused(refusal: &Refusal) -> Page {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    json(status, &refusal.body())
}

/// The wallet is locked, said to a program.
pub(super) fn unavailable() -> Page {
    let body =
        serde_json::json!({"error": "temporarily_unavailable", "error_description": "the wallet is locked"});
    json(StatusCode::SERVICE_UNAVAILABLE, &body)
}

/// Which program asks can't be told, so it gets nothing.
pub(super) fn unseen() -> Page {
    let why = "the program that asks can't be seen from here; is it in a container?";
    json(StatusCode::BAD_REQUEST, &serde_json::json!({"error": "invalid_grant", "error_description": why}))
}

/// A status alone.
pub(super) fn bare(status: StatusCode) -> Page {
    with(status, Bytes::new(), &[])
}

/// On to another address.
pub(super) fn see_other(to: &str) -> Page {
    let Ok(to) = HeaderValue::try_from(to) else { return bare(StatusCode::INTERNAL_SERVER_ERROR) };
    with(StatusCode::SEE_OTHER, Bytes::new(), &[(header::LOCATION, to)])
}

/// Back to the client.
pub(super) fn back(to: &Url) -> Page {
    see_other(to.as_str())
}

/// The human decides; the page looks again by itself.
pub(super) fn wait() -> Page {
    again(
        "Countersign asks you",
        "Answer in the window of Countersign, or with `countersign approvals`. This page goes on by itself.",
        2,
    )
}

/// The wallet is locked; the page looks again by itself.
pub(super) fn locked() -> Page {
    let mut page = again(
        "Countersign is locked",
        "Unlock it, and this page goes on by itself. Nothing was given to anybody.",
        3,
    );
    *page.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    page
}

/// It ends here.
pub(super) fn stop(status: StatusCode, sentence: &str) -> Page {
    html(status, "Nothing was allowed", sentence, None)
}

fn again(title: &str, sentence: &str, seconds: u32) -> Page {
    html(StatusCode::OK, title, sentence, Some(seconds))
}

/// `sentence` may hold foreign text.
fn html(status: StatusCode, title: &str, sentence: &str, again: Option<u32>) -> Page {
    let nonce = crate::random::make_id();
    let refresh = again
        .map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">"))
        .unwrap_or_default();
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">{refresh}<title>{title} – Countersign</title>\
         <style nonce=\"{nonce}\">{STYLE}</style></head><body><main><h1>{title}</h1><p>{}</p></main></body></html>\n",
        escaped(sentence)
    );
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    headers
        .extend(HeaderValue::try_from(policy).ok().map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    with(status, text.into(), &headers)
}

fn json(status: StatusCode, value: &Value) -> Page {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    with(status, value.to_string().into(), &[kind])
}

/// With what every answer has: it is kept by nobody, taken for nothing else, and tells nobody where it led from.
fn with(status: StatusCode, body: Bytes, headers: &[(HeaderName, HeaderValue)]) -> Page {
    let mut page = Response::new(body);
    *page.status_mut() = status;
    let all = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    page.headers_mut().extend(all.into_iter().chain(headers.iter().cloned()));
    page
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        let page = stop(StatusCode::BAD_REQUEST, "<script>alert('x')</script>\" & more");
        let text = String::from_utf8(page.body().to_vec()).unwrap();
        assert!(text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; &amp; more"), "{text}");
        assert!(!text.contains("<script"), "{text}");
    }

    #[test]
    fn no_page_may_load_run_send_or_be_framed() {
        let page = wait();
        let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        for part in ["default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"]
        {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
    }
}
