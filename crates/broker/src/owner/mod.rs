//! What the owner can see and do. The app, the command line and the tests all use exactly this.

mod stub;
mod view;

pub use view::{
    CreateWallet, DelegationView, Draft, GrantDraft, KeyChoice, LiveCall, LoginState, NewServer, ServerView,
    Status, ToolDraft, WalletState,
};
