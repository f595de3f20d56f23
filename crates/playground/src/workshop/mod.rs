//! The protected MCP server: a notebook, and tools that show how a wallet copes.

mod asking;
mod leaks;
mod notebook;
mod prompts;
mod resources;
mod tools;

use notebook::Notebook;
use rmcp::ErrorData;
use rmcp::RoleServer;
use rmcp::ServerHandler;
use rmcp::handler::server::router::prompt::PromptRouter;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::{
    Implementation, ListResourceTemplatesResult, ListResourcesResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{prompt_handler, tool_handler};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

const INSTRUCTIONS: &str = "A playground for the Countersign wallet: a notebook to read and write, and tools that are slow, ask back, fail, \
     or leak on purpose. Nothing here reaches the outside world, and everything is forgotten when it stops.";

/// The MCP endpoint as a service; `end` ends its sessions.
pub(crate) fn service(end: CancellationToken) -> StreamableHttpService<Workshop, LocalSessionManager> {
    let workshop = Workshop::default();
    let config = StreamableHttpServerConfig::default().with_cancellation_token(end);
    StreamableHttpService::new(move || Ok(workshop.clone()), Arc::default(), config)
}

/// One notebook, shared by every session.
#[derive(Clone, Debug)]
pub(crate) struct Workshop {
    notebook: Arc<Mutex<Notebook>>,
    tools: ToolRouter<Self>,
    prompts: PromptRouter<Self>,
}

impl Workshop {
    fn notebook(&self) -> MutexGuard<'_, Notebook> {
        self.notebook.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Workshop {
    fn default() -> Self {
        let tools = Self::notebook_tools() + Self::behaviour_tools() + Self::leaking_tools();
        Self { notebook: Arc::default(), tools, prompts: Self::prompt_router() }
    }
}

#[tool_handler(router = self.tools)]
#[prompt_handler(router = self.prompts)]
impl ServerHandler for Workshop {
    fn get_info(&self) -> ServerConfig {
        let can = ServerCapabilities::builder().enable_tools().enable_resources().enable_prompts().build();
        let name = Implementation::new("countersign-playground", env!("CARGO_PKG_VERSION"))
            .with_title("Countersign playground");
        ServerConfig::new(can).with_server_info(name).with_instructions(INSTRUCTIONS)
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(resources::list(&self.notebook()))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(resources::templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&self.notebook(), &request.uri)
    }
}
