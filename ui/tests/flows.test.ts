import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import { fake, type Fake } from "../src/ipc/fake";
import { confirming, servers } from "../src/ipc/scenes";

afterEach(cleanup);

async function opened(scene: string, hash: string): Promise<Fake> {
  location.hash = hash;
  const host = fake("main", scene);
  render(App, { host });
  await screen.findByRole("main");
  return host;
}

const sent = (host: Fake, command: string) =>
  host.calls.filter(([name]) => name === command).map(([, args]) => args);
const button = (name: string | RegExp) => screen.getByRole("button", { name });

describe("home", () => {
  it("answers whether the human must act", async () => {
    const host = await opened("", "#home");
    expect(
      await screen.findByRole("heading", { level: 1, name: "Two questions wait for you" }),
    ).toBeInTheDocument();
    host.emit({ kind: "answered", id: "q1" });
    host.emit({ kind: "answered", id: "q2" });
    expect(await screen.findByRole("heading", { level: 1, name: "One login has ended" })).toBeInTheDocument();
  });

  it("announces a new question on every view", async () => {
    const host = await opened("", "#settings");
    host.emit({ kind: "asked", question: confirming });
    await waitFor(() => expect(screen.getAllByRole("status")[0]).toHaveTextContent("Let codex call 3 tools"));
  });

  it("opens the approval window rather than answering here", async () => {
    const host = await opened("", "#approvals");
    await fireEvent.click((await screen.findAllByRole("button", { name: "Review" }))[0]!);
    expect(sent(host, "review")).toEqual([{ id: "q1" }]);
    expect(sent(host, "answer")).toEqual([]);
  });
});

describe("a login that does not reach far enough", () => {
  it("says what the server wants besides, and logs in again", async () => {
    const host = await opened("", "#servers/linear");
    expect(screen.queryByRole("button", { name: "Log in to linear" })).toBeNull();
    const linear = servers.find(({ name }) => name === "linear")!;
    const login = { state: "loggedIn" as const, expires: null, scopes: ["read"], wants: ["issues:write"] };
    host.emit({ kind: "servers", servers: [{ ...linear, login }] });
    expect(await screen.findByText("linear wants more than this login gives")).toBeInTheDocument();
    expect(screen.getByText("issues:write")).toBeInTheDocument();
    await fireEvent.click(button("Log in to linear"));
    expect(sent(host, "login")).toEqual([{ name: "linear" }]);
  });
});

describe("revoking", () => {
  it("focuses the safe button, and Keep changes nothing", async () => {
    const host = await opened("", "#agents/claude-code");
    await fireEvent.click(await screen.findByRole("button", { name: "Revoke…" }));
    expect(button("Keep")).toHaveFocus();
    await fireEvent.click(button("Keep"));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(sent(host, "revoke_agent")).toEqual([]);
  });

  it("revokes the agent that is named, and gives the focus back", async () => {
    const host = await opened("", "#agents/codex");
    await fireEvent.click(await screen.findByRole("button", { name: "Revoke…" }));
    await fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Revoke" }));
    expect(sent(host, "revoke_agent")).toEqual([{ name: "codex" }]);
  });
});

describe("delegating", () => {
  it("signs what the deed says, and nothing before something is chosen", async () => {
    const host = await opened("", "#delegate/codex");
    await screen.findByRole("radiogroup", { name: "get_file" });
    await fireEvent.click(button("Sign"));
    expect(sent(host, "delegate")).toEqual([]);
    await fireEvent.click(screen.getByRole("radio", { name: /Read only/ }));
    expect(screen.getByText("Not signed yet")).toBeInTheDocument();
    await fireEvent.click(button("Sign"));
    expect(sent(host, "delegate")).toMatchObject([
      { draft: { agent: "codex", server: "github", tools: { length: 4 } } },
    ]);
    expect(await screen.findByText("Both halves match")).toBeInTheDocument();
  });
});

describe("secrets", () => {
  it("a typed passphrase does not stay in the field", async () => {
    const host = await opened("locked", "");
    await userEvent.type(screen.getByLabelText("Passphrase"), "wrong");
    await fireEvent.click(button("Unlock"));
    expect(sent(host, "unlock")).toEqual([{ passphrase: "wrong" }]);
    expect(await screen.findByRole("alert")).toHaveTextContent("Nothing is erased by trying again");
    expect(screen.getByLabelText("Passphrase")).toHaveValue("");
  });

  it("a variable's value is hidden and kept in the vault unless the human says otherwise", async () => {
    const host = await opened("empty", "#servers/+");
    await fireEvent.click(await screen.findByRole("radio", { name: "Command" }));
    await userEvent.type(screen.getByLabelText("Name"), "db");
    await userEvent.type(screen.getByLabelText("Program"), "/usr/bin/db");
    await userEvent.type(screen.getByLabelText("Arguments"), "--a b{enter}c");
    await fireEvent.click(button("Add a variable"));
    await userEvent.type(screen.getByLabelText("Variable"), "TOKEN");
    await userEvent.type(screen.getByLabelText("Value"), "hunter2");
    expect(screen.getByLabelText("Value")).toHaveAttribute("type", "password");
    await fireEvent.click(button("Add server"));
    expect(sent(host, "add_server")).toEqual([
      {
        server: {
          name: "db",
          transport: {
            kind: "stdio",
            command: "/usr/bin/db",
            args: ["--a b", "c"],
            cwd: null,
            env: [{ name: "TOKEN", value: "hunter2", secret: true }],
          },
        },
      },
    ]);
  });
});

describe("first run", () => {
  it("makes no identity before the keyring has answered, and offers a passphrase when it can't", async () => {
    const host = await opened("asked", "");
    expect(screen.getByText("Looking for it…")).toBeInTheDocument();
    await fireEvent.submit(screen.getByRole("radio", { name: /system’s keyring/ }).closest("form")!);
    expect(sent(host, "create_wallet")).toEqual([]);
    const keyring = { state: "unavailable" as const, why: "it is locked" };
    host.emit({ kind: "wallet", wallet: { phase: "new", suggested: "Work", keyring } });
    expect(await screen.findByLabelText("Passphrase")).toBeInTheDocument();
    expect(screen.getByText("Not available: it is locked")).toBeInTheDocument();
  });

  it("falls back on nothing silently: without a keyring the passphrase is asked twice", async () => {
    const host = await opened("bare", "");
    expect(screen.getByText(/no Secret Service answers/)).toBeInTheDocument();
    expect(screen.getByRole("radio", { name: /system’s keyring/ })).toBeDisabled();
    await userEvent.type(screen.getByLabelText("Passphrase"), "correct horse battery");
    await fireEvent.click(button("Make identity"));
    expect(sent(host, "create_wallet")).toEqual([]);
    await userEvent.type(screen.getByLabelText("The same once more"), "correct horse battery");
    await fireEvent.submit(screen.getByLabelText("Passphrase").closest("form")!);
    expect(sent(host, "create_wallet")).toEqual([
      { name: "Work", seal: { by: "passphrase", passphrase: "correct horse battery" } },
    ]);
  });
});

describe("the log", () => {
  it("is walked with arrows, opened with Enter and closed with Esc", async () => {
    const host = await opened("", "#activity");
    const grid = await screen.findByRole("grid");
    const [, first] = within(grid).getAllByRole("row");
    first!.focus();
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{Enter}");
    expect(sent(host, "receipt")).toEqual([{ seq: 18_203 }]);
    expect(await screen.findByRole("heading", { name: "Receipt 18,203" })).toBeInTheDocument();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("heading", { name: "Receipt 18,203" })).toBeNull();
  });
});

describe("keys", () => {
  it("Ctrl Alt . stops everything at once, also while locked", async () => {
    const host = await opened("locked", "");
    await fireEvent.keyDown(window, { key: ".", ctrlKey: true, altKey: true });
    expect(sent(host, "emergency_stop")).toHaveLength(1);
    expect(await screen.findByRole("heading", { name: "Everything is stopped" })).toBeInTheDocument();
  });

  it("one click stops everything, and what may have gone through is told first", async () => {
    const host = await opened("", "#home");
    await fireEvent.click(button("Emergency stop"));
    expect(sent(host, "emergency_stop")).toHaveLength(1);
    const [first] = await screen.findAllByRole("heading", { level: 2 });
    expect(first).toHaveTextContent("One call may have gone through");
  });

  it("Ctrl 1 to 6 change the view, and Ctrl L locks", async () => {
    const host = await opened("", "#home");
    await fireEvent.keyDown(window, { key: "6", ctrlKey: true });
    expect(await screen.findByRole("heading", { level: 1, name: "Settings" })).toBeInTheDocument();
    await fireEvent.keyDown(window, { key: "l", ctrlKey: true });
    expect(sent(host, "lock")).toHaveLength(1);
  });
});
