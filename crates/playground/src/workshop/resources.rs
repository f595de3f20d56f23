//! Each note as a resource, `note:///TITLE`.

use super::notebook::Notebook;
use rmcp::ErrorData;
use rmcp::model::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceResponse, ReadResourceResult, Resource,
    ResourceContents, ResourceTemplate,
};
use url::Url;

const SCHEME: &str = "note:///";

pub(super) fn list(notebook: &Notebook) -> ListResourcesResult {
    let resource = |title: String| {
        Resource::new(uri_of(&title), title).with_description("A note").with_mime_type("text/plain")
    };
    ListResourcesResult::with_all_items(notebook.titles().into_iter().map(resource).collect())
}

pub(super) fn templates() -> ListResourceTemplatesResult {
    let note = ResourceTemplate::new(format!("{SCHEME}{{title}}"), "note")
        .with_description("A note by its title")
        .with_mime_type("text/plain");
    ListResourceTemplatesResult::with_all_items(vec![note])
}

pub(super) fn read(notebook: &Notebook, uri: &str) -> Result<ReadResourceResponse, ErrorData> {
    let titles = notebook.titles();
    let title = titles.iter().find(|title| uri_of(title) == uri);
    let text = title.and_then(|title| notebook.read(title).ok());
    let text =
        text.ok_or_else(|| ErrorData::resource_not_found(format!("no resource {uri:?} here"), None))?;
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri)]).into())
}

fn uri_of(title: &str) -> String {
    Url::parse(SCHEME).map_or_else(
        |_| SCHEME.to_owned(),
        |mut url| {
            url.set_path(title);
            url.into()
        },
    )
}
