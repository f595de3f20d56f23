//! Lists as one agent may see them: cut down to what is granted, and named so that servers can't shadow each other.

mod names;
mod page;

pub use names::{LONGEST, full_name, is_short, meant, split_name};
pub use page::{Item, Page};

/// The lists a server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
    /// `resources/list`.
    Resources,
    /// `resources/templates/list`.
    ResourceTemplates,
}

impl List {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Tools, Self::Prompts, Self::Resources, Self::ResourceTemplates];

    /// The list that a method asks for.
    #[must_use]
    pub fn of_method(method: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.method() == method)
    }

    /// The method that asks for it.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::ResourceTemplates => "resources/templates/list",
        }
    }

    /// The capability under which a server says that it has it.
    #[must_use]
    pub const fn capability(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources | Self::ResourceTemplates => "resources",
        }
    }

    /// The member of the result that holds it.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::ResourceTemplates => "resourceTemplates",
        }
    }

    /// The member of an item by which it is asked for.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Tools | Self::Prompts => "name",
            Self::Resources => "uri",
            Self::ResourceTemplates => "uriTemplate",
        }
    }

    /// Whether items are asked for by a name, which an agent of several servers sees with its server's in front.
    #[must_use]
    pub const fn is_named(self) -> bool {
        matches!(self, Self::Tools | Self::Prompts)
    }

    /// The notification by which a server says that the list is another now.
    #[must_use]
    pub const fn changed(self) -> &'static str {
        match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
            Self::Resources | Self::ResourceTemplates => "notifications/resources/list_changed",
        }
    }

    /// The members of an item that a human's decision rests on.
    const fn decisive(self) -> &'static [&'static str] {
        match self {
            Self::Tools => &["name", "description", "inputSchema", "outputSchema", "annotations"],
            Self::Prompts | Self::Resources | Self::ResourceTemplates => &["name", "uri", "uriTemplate"],
        }
    }
}
