//! The authorization server, asked as clients and thieves would.

#![expect(clippy::unwrap_used, reason = "a test says with a panic what is wrong")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{AgentName, Digest, Endpoint, Loopback, Origin, Program, ServerName, Timestamp};
use issuer::{
    Asked, Client, Credential, Family, FamilyId, Holder, Issuer, Refusal, Scheme, Shelf, ShelfError, Stray,
    Unwelcome, documents,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use url::Url;

mod dpop;

const HERE: Origin = Origin::new(21_000);
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-indeed";
const REDIRECT: &str = "http://127.0.0.1:33000/callback";

/// A shelf in memory; it can be made to fail, as a disk may.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Kept>>);

#[derive(Default)]
struct Kept {
    clients: HashMap<String, Client>,
    families: HashMap<FamilyId, Family>,
    full: bool,
}

impl Memory {
    fn write(&self, change: impl FnOnce(&mut Kept)) -> Result<(), ShelfError> {
        let mut kept = self.0.borrow_mut();
        if kept.full {
            return Err(ShelfError("the disk is full".into()));
        }
        change(&mut kept);
        Ok(())
    }

    fn again(&self, now: Timestamp) -> Issuer<Self> {
        let kept = self.0.borrow();
        let (clients, families) = (kept.clients.values().cloned(), kept.families.values().cloned());
        Issuer::new(HERE, self.clone(), clients.collect(), families.collect(), now)
    }
}

impl Shelf for Memory {
    fn keep_client(&self, client: &Client) -> Result<(), ShelfError> {
        self.write(|kept| drop(kept.clients.insert(client.id.clone(), client.clone())))
    }
    fn drop_client(&self, id: &str) -> Result<(), ShelfError> {
        self.write(|kept| drop(kept.clients.remove(id)))
    }
    fn keep_family(&self, family: &Family) -> Result<(), ShelfError> {
        self.write(|kept| drop(kept.families.insert(family.id.clone(), family.clone())))
    }
    fn drop_family(&self, id: &FamilyId) -> Result<(), ShelfError> {
        self.write(|kept| drop(kept.families.remove(id)))
    }
}

/// An authorization server with one registered client.
struct Desk {
    shelf: Memory,
    issuer: Issuer<Memory>,
    client: String,
}

impl Desk {
    fn new() -> Self {
        let shelf = Memory::default();
        let mut issuer = shelf.again(at(0));
        let body = json!({"client_name": "Scribe", "redirect_uris": [REDIRECT]});
        let answer = issuer.register(body.to_string().as_bytes(), at(0)).unwrap();
        let client = answer["client_id"].as_str().unwrap().to_owned();
        Self { shelf, issuer, client }
    }

    fn query(&self, edits: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut params = HashMap::from([
            ("response_type", "code"),
            ("client_id", self.client.as_str()),
            ("redirect_uri", REDIRECT),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("resource", "http://127.0.0.1:21000/mcp"),
            ("scope", "mcp offline_access"),
            ("state", "s 1"),
        ]);
        params.extend(edits.iter().copied());
        form(&params.into_iter().collect::<Vec<_>>())
    }

    fn ask(&mut self, edits: &[(&str, &str)]) -> Result<issuer::Request, Stray> {
        let asked = Asked::parse(&self.query(edits))?;
        self.issuer.admit(asked, None, at(1))
    }

    /// A code, as the client takes it from its redirect.
    fn code(&mut self, edits: &[(&str, &str)]) -> String {
        let request = self.ask(edits).unwrap();
        param(&self.issuer.grant(request, scribe(), at(1)).unwrap(), "code").unwrap()
    }

    fn exchange(&mut self, code: &str, edits: &[(&str, &str)], seconds: i64) -> Result<Value, Refusal> {
        let client = self.client.clone();
        let mut params = HashMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &client),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ]);
        params.extend(edits.iter().copied());
        let form = form(&params.into_iter().collect::<Vec<_>>());
        self.issuer.token(&form, None, Loopback::V4, &program("scribe"), at(seconds))
    }

    fn tokens(&mut self) -> (String, String) {
        let code = self.code(&[]);
        pair(&self.exchange(&code, &[], 2).unwrap())
    }

    fn refresh(&mut self, token: &str, who: &str, seconds: i64) -> Result<Value, Refusal> {
        let form =
            form(&[("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &self.client)]);
        self.issuer.token(&form, None, Loopback::V4, &program(who), at(seconds))
    }

    fn welcome(&mut self, token: &str, who: &str, seconds: i64) -> Result<AgentName, Unwelcome> {
        self.welcome_at(&Endpoint::All, token, who, seconds)
    }

    fn welcome_at(
        &mut self,
        endpoint: &Endpoint,
        token: &str,
        who: &str,
        seconds: i64,
    ) -> Result<AgentName, Unwelcome> {
        let uri = "http://127.0.0.1:21000/mcp";
        let credential = Credential { scheme: Scheme::Bearer, token, proof: None, method: "POST", uri };
        self.issuer.welcome(endpoint, credential, &program(who), at(seconds)).map(|admitted| admitted.agent)
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

fn program(name: &str) -> Program {
    Program { path: format!("/usr/bin/{name}").into(), sha256: Digest::new([name.as_bytes()[0]; 32]) }
}

fn agent() -> AgentName {
    AgentName::parse("scribe").unwrap()
}

fn scribe() -> Holder {
    Holder { agent: agent(), program: program("scribe") }
}

fn form(params: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn pair(answer: &Value) -> (String, String) {
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    (text("access_token"), text("refresh_token"))
}

fn back(stray: Stray) -> Url {
    let Stray::Back(url) = stray else { panic!("shown on a page: {stray:?}") };
    url
}

#[test]
fn a_client_that_registered_gets_tokens_for_the_agent_the_human_agreed_to() {
    let mut desk = Desk::new();
    let request = desk.ask(&[]).unwrap();
    assert_eq!((request.client.name.as_str(), request.redirect.loopback_port()), ("Scribe", Some(33_000)));
    let answer = desk.issuer.grant(request, scribe(), at(1)).unwrap();
    assert_eq!(param(&answer, "state").as_deref(), Some("s 1"));
    assert_eq!(param(&answer, "iss").as_deref(), Some("http://127.0.0.1:21000"));
    let code = param(&answer, "code").unwrap();
    let tokens = desk.exchange(&code, &[("resource", "http://localhost:21000/mcp")], 2).unwrap();
    assert_eq!(tokens["token_type"], "Bearer");
    let (access, _) = pair(&tokens);
    assert_eq!(desk.welcome(&access, "scribe", 3), Ok(agent()));
    assert_eq!(desk.welcome(&access, "scribe", 2 + 600), Err(Unwelcome::Invalid));
}

#[test]
fn documents_and_answers_name_the_issuer_by_the_same_letters() {
    let server = documents::authorization_server(HERE);
    assert_eq!(server["issuer"], "http://127.0.0.1:21000");
    let notes = Endpoint::One(ServerName::parse("notes").unwrap());
    let resource = documents::protected_resource(HERE, Loopback::Localhost, &notes);
    assert_eq!(resource["resource"], "http://localhost:21000/mcp/notes");
    assert_eq!(resource["authorization_servers"], json!([server["issuer"]]));
    let challenge = documents::challenge(HERE, Loopback::V4, &notes, true);
    let wanted =
        "resource_metadata=\"http://127.0.0.1:21000/.well-known/oauth-protected-resource/mcp/notes\"";
    assert!(challenge.contains(wanted) && challenge.contains("error=\"invalid_token\""), "{challenge}");
}

#[test]
fn threat_16_a_stranger_s_redirect_is_sent_nothing() {
    let mut desk = Desk::new();
    for stranger in ["https://evil.example/cb", "http://127.0.0.1:33000/other", "", "javascript:alert(1)"] {
        assert!(matches!(desk.ask(&[("redirect_uri", stranger)]), Err(Stray::Page(_))), "{stranger}");
    }
    assert!(matches!(desk.ask(&[("client_id", "cs_client_unknown")]), Err(Stray::Page(_))));
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", desk.query(&[]));
    assert!(matches!(Asked::parse(&twice).err(), Some(Stray::Page(_))));
}

#[test]
fn a_request_that_lacks_what_mcp_demands_goes_back_with_the_reason() {
    let mut desk = Desk::new();
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("resource", "", "invalid_request"),
        ("resource", "https://api.example/mcp", "invalid_target"),
        ("scope", "mcp admin", "invalid_scope"),
    ] {
        let answer = back(desk.ask(&[(name, value)]).unwrap_err());
        assert_eq!(param(&answer, "error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(param(&answer, "state").as_deref(), Some("s 1"));
        assert_eq!(param(&answer, "iss").as_deref(), Some("http://127.0.0.1:21000"));
    }
    let denied = desk.ask(&[]).unwrap().denied();
    assert_eq!(param(&denied, "error").as_deref(), Some("access_denied"));
}

#[test]
fn threat_16_a_code_is_for_one_client_one_address_one_verifier_one_resource() {
    for edit in [
        ("client_id", "cs_client_other"),
        ("redirect_uri", "http://127.0.0.1:33001/callback"),
        ("code_verifier", "another-verifier-that-is-long-enough-for-rfc-7636"),
        ("resource", "http://127.0.0.1:21000/mcp/notes"),
    ] {
        let mut desk = Desk::new();
        let code = desk.code(&[]);
        desk.exchange(&code, &[edit], 2).unwrap_err();
        // A stranger's try does not use it up.
        desk.exchange(&code, &[], 3).unwrap();
    }
    let mut desk = Desk::new();
    let code = desk.code(&[]);
    assert_eq!(desk.exchange(&code, &[], 62).unwrap_err().code, "invalid_grant");
}

#[test]
fn a_code_shown_twice_ends_what_it_was_exchanged_for() {
    let mut desk = Desk::new();
    let code = desk.code(&[]);
    let (access, refresh) = pair(&desk.exchange(&code, &[], 2).unwrap());
    assert_eq!(desk.exchange(&code, &[], 3).unwrap_err().code, "invalid_grant");
    assert_eq!(desk.welcome(&access, "scribe", 4), Err(Unwelcome::Invalid));
    desk.refresh(&refresh, "scribe", 4).unwrap_err();
}

#[test]
fn without_offline_access_there_is_no_refresh_token() {
    let mut desk = Desk::new();
    let code = desk.code(&[("scope", "mcp")]);
    let answer = desk.exchange(&code, &[], 2).unwrap();
    assert!(answer.get("refresh_token").is_none(), "{answer}");
    assert_eq!(answer["scope"], "mcp");
}

#[test]
fn a_client_that_said_it_refreshes_need_not_ask_for_that_again() {
    let mut desk = Desk::new();
    let body = json!({"redirect_uris": [REDIRECT], "grant_types": ["authorization_code", "refresh_token"]});
    let answer = desk.issuer.register(body.to_string().as_bytes(), at(0)).unwrap();
    answer["client_id"].as_str().unwrap().clone_into(&mut desk.client);
    let code = desk.code(&[("scope", "mcp")]);
    assert!(desk.exchange(&code, &[], 2).unwrap()["refresh_token"].is_string());
}

#[test]
fn what_can_not_go_on_makes_room_for_the_next_yes() {
    let mut desk = Desk::new();
    let code = desk.code(&[("scope", "mcp")]);
    desk.exchange(&code, &[], 2).unwrap();
    let kept = |desk: &Desk| desk.shelf.0.borrow().families.len();
    let again = desk.shelf.again(at(3));
    assert_eq!(kept(&desk), 1);
    desk.issuer = again;
    let code = desk.code(&[]);
    desk.exchange(&code, &[], 4).unwrap();
    assert_eq!(kept(&desk), 1, "the first had no refresh token, and its access token ended with the process");
}

#[test]
fn who_shows_a_code_or_a_refresh_token_can_be_compared_with_whose_it_is() {
    let mut desk = Desk::new();
    let code = desk.code(&[]);
    assert_eq!(desk.issuer.holder(&form(&[("code", &code)])), Some(&scribe()));
    let (_, refresh) = pair(&desk.exchange(&code, &[], 2).unwrap());
    assert_eq!(desk.issuer.holder(&form(&[("refresh_token", &refresh)])), Some(&scribe()));
    assert_eq!(desk.issuer.holder(&form(&[("refresh_token", "cs_rt_x.y")])), None);
}

#[test]
fn a_refresh_token_is_used_once_and_a_lost_answer_is_given_again_for_a_moment() {
    let mut desk = Desk::new();
    let (_, first) = desk.tokens();
    let answer = desk.refresh(&first, "scribe", 100).unwrap();
    assert_eq!(desk.refresh(&first, "scribe", 105).unwrap(), answer, "the client may have lost it");
    let (access, second) = pair(&answer);
    assert_eq!(desk.welcome(&access, "scribe", 106), Ok(agent()));
    desk.refresh(&second, "scribe", 110).unwrap();
}

#[test]
fn an_old_refresh_token_ends_all_that_came_of_the_same_yes() {
    let mut desk = Desk::new();
    let (_, first) = desk.tokens();
    let (_, second) = pair(&desk.refresh(&first, "scribe", 100).unwrap());
    let (access, third) = pair(&desk.refresh(&second, "scribe", 200).unwrap());
    assert_eq!(desk.refresh(&first, "scribe", 300).unwrap_err().code, "invalid_grant");
    assert_eq!(desk.welcome(&access, "scribe", 301), Err(Unwelcome::Invalid));
    desk.refresh(&third, "scribe", 302).unwrap_err();
    assert!(desk.shelf.0.borrow().families.is_empty());
}

#[test]
fn a_token_is_not_given_again_once_the_next_one_was_used() {
    let mut desk = Desk::new();
    let (_, first) = desk.tokens();
    let (_, second) = pair(&desk.refresh(&first, "scribe", 100).unwrap());
    desk.refresh(&second, "scribe", 101).unwrap();
    assert_eq!(desk.refresh(&first, "scribe", 102).unwrap_err().code, "invalid_grant");
}

#[test]
fn threat_04_tokens_are_worth_nothing_in_another_program() {
    let mut desk = Desk::new();
    let code = desk.code(&[]);
    let copied = form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("client_id", &desk.client),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]);
    desk.issuer.token(&copied, None, Loopback::V4, &program("thief"), at(2)).unwrap_err();
    let (access, refresh) = pair(&desk.exchange(&code, &[], 2).unwrap());
    assert_eq!(desk.welcome(&access, "thief", 3), Err(Unwelcome::OtherProgram { agent: agent() }));
    desk.refresh(&refresh, "thief", 3).unwrap_err();
    // And the agent goes on.
    assert_eq!(desk.welcome(&access, "scribe", 4), Ok(agent()));
    desk.refresh(&refresh, "scribe", 4).unwrap();
}

#[test]
fn threat_14_a_token_for_one_server_is_worth_nothing_at_another() {
    let mut desk = Desk::new();
    let [notes, mail] = ["notes", "mail"].map(|name| Endpoint::One(ServerName::parse(name).unwrap()));
    let code = desk.code(&[("resource", "http://127.0.0.1:21000/mcp/notes")]);
    let (access, _) = pair(&desk.exchange(&code, &[], 2).unwrap());
    assert_eq!(desk.welcome_at(&notes, &access, "scribe", 3), Ok(agent()));
    for elsewhere in [mail, Endpoint::All] {
        assert_eq!(desk.welcome_at(&elsewhere, &access, "scribe", 3), Err(Unwelcome::Invalid));
    }
}

#[test]
fn threat_26_an_agent_that_is_revoked_holds_nothing_any_more_also_after_a_restart() {
    let mut desk = Desk::new();
    let waiting = desk.code(&[]);
    let (access, refresh) = desk.tokens();
    desk.issuer.end_agent(&agent()).unwrap();
    assert_eq!(desk.welcome(&access, "scribe", 3), Err(Unwelcome::Invalid));
    desk.exchange(&waiting, &[], 3).unwrap_err();
    desk.issuer = desk.shelf.again(at(4));
    desk.refresh(&refresh, "scribe", 5).unwrap_err();
}

#[test]
fn a_client_may_end_its_tokens_with_either_of_them() {
    for which in [0, 1] {
        let mut desk = Desk::new();
        let (access, refresh) = desk.tokens();
        let token = [&access, &refresh][which];
        desk.issuer.revoke(&form(&[("token", token)])).unwrap();
        assert_eq!(desk.welcome(&access, "scribe", 3), Err(Unwelcome::Invalid));
        desk.refresh(&refresh, "scribe", 3).unwrap_err();
        desk.issuer.revoke(&form(&[("token", "cs_at_unknown")])).unwrap();
    }
}

#[test]
fn after_a_restart_or_a_lock_a_client_refreshes_and_no_human_is_asked() {
    let mut desk = Desk::new();
    let (access, refresh) = desk.tokens();
    desk.issuer = desk.shelf.again(at(10));
    assert_eq!(desk.welcome(&access, "scribe", 11), Err(Unwelcome::Invalid));
    let (access, refresh) = pair(&desk.refresh(&refresh, "scribe", 12).unwrap());
    desk.issuer.forget_access();
    assert_eq!(desk.welcome(&access, "scribe", 13), Err(Unwelcome::Invalid));
    desk.refresh(&refresh, "scribe", 14).unwrap();
}

#[test]
fn a_refresh_that_can_t_be_kept_does_not_use_the_token_up() {
    let mut desk = Desk::new();
    let (_, refresh) = desk.tokens();
    desk.shelf.0.borrow_mut().full = true;
    assert_eq!(desk.refresh(&refresh, "scribe", 10).unwrap_err().status(), 503);
    desk.shelf.0.borrow_mut().full = false;
    desk.refresh(&refresh, "scribe", 60).unwrap();
}

#[test]
fn nothing_that_is_kept_is_worth_anything_to_who_reads_it() {
    let mut desk = Desk::new();
    let (access, refresh) = desk.tokens();
    let kept = serde_json::to_string(&desk.shelf.0.borrow().families.values().collect::<Vec<_>>()).unwrap();
    let secret = refresh.rsplit_once('.').unwrap().1;
    assert!(!kept.contains(&access) && !kept.contains(secret), "{kept}");
}

#[test]
fn registration_refuses_what_it_could_not_keep_safe() {
    let mut desk = Desk::new();
    for (body, code) in [
        (json!({"redirect_uris": []}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["http://evil.example/"]}), "invalid_redirect_uri"),
        (json!({"redirect_uris": vec![REDIRECT; 11]}), "invalid_redirect_uri"),
        (
            json!({"redirect_uris": [REDIRECT], "token_endpoint_auth_method": "client_secret_post"}),
            "invalid_client_metadata",
        ),
        (json!({"redirect_uris": [REDIRECT], "grant_types": ["implicit"]}), "invalid_client_metadata"),
        (json!("no object"), "invalid_client_metadata"),
    ] {
        let refused = desk.issuer.register(body.to_string().as_bytes(), at(1)).unwrap_err();
        assert_eq!(refused.code, code, "{body}");
    }
}

#[test]
fn a_flood_of_registrations_ends_and_pushes_out_nobody_that_is_used() {
    let mut desk = Desk::new();
    let (_, refresh) = desk.tokens();
    let body = json!({"redirect_uris": [REDIRECT]}).to_string();
    let flood =
        |desk: &mut Desk, now| (0..300).find_map(|_| desk.issuer.register(body.as_bytes(), now).err());
    assert_eq!(flood(&mut desk, at(1)).unwrap().code, "temporarily_unavailable");
    // A day later the unused ones make room.
    assert!(flood(&mut desk, at(90_000)).is_some());
    desk.refresh(&refresh, "scribe", 90_001).unwrap();
    assert!(desk.issuer.client(&desk.client).is_some());
}

#[test]
fn a_client_known_by_its_document_must_be_named_in_it() {
    let address = "https://agents.example/scribe.json";
    let document =
        |id: &str| json!({"client_id": id, "client_name": "Scribe", "redirect_uris": [REDIRECT]}).to_string();
    let client = Client::from_document(address, document(address).as_bytes()).unwrap();
    Client::from_document(address, document("https://agents.example/other.json").as_bytes()).unwrap_err();
    for bad in ["http://agents.example/a", "https://agents.example/", "https://me@agents.example/a", "scribe"]
    {
        Client::from_document(bad, document(bad).as_bytes()).unwrap_err();
    }
    let mut desk = Desk::new();
    let query = desk.query(&[("client_id", address)]);
    let request = desk.issuer.admit(Asked::parse(&query).unwrap(), Some(client), at(1)).unwrap();
    assert_eq!(request.client.id, address);
}
