// The form for a new server, and what is sent of it.

import type { NewServer, NewTransport } from "../ipc/bindings";

export interface Variable {
  name: string;
  value: string;
  secret: boolean;
}

export class NewServerForm {
  name = $state("");
  kind = $state<"http" | "stdio">("http");
  url = $state("");
  login = $state<"oAuth" | "header" | "none">("oAuth");
  headerName = $state("Authorization");
  headerValue = $state("");
  command = $state("");
  args = $state("");
  cwd = $state("");
  env = $state<Variable[]>([]);

  /** Arguments, one a line, never through a shell. */
  get argList(): string[] {
    return this.args.split("\n").filter((line) => line !== "");
  }

  /** What will run, quoted so that each argument's bounds show. */
  get whole(): string {
    return [this.command, ...this.argList].map(quoted).join(" ");
  }

  get ready(): boolean {
    const reached = this.kind === "http" ? this.url.trim() !== "" : this.command.trim() !== "";
    return this.name.trim() !== "" && reached;
  }

  addVariable(): void {
    this.env.push({ name: "", value: "", secret: true });
  }

  removeVariable(at: number): void {
    this.env.splice(at, 1);
  }

  get server(): NewServer {
    return { name: this.name.trim(), transport: this.kind === "http" ? this.#http() : this.#stdio() };
  }

  /** Typed secrets do not outlive their use. */
  forget(): void {
    this.headerValue = "";
    this.env = [];
  }

  #http(): NewTransport {
    const credential =
      this.login === "header"
        ? { kind: "header" as const, name: this.headerName.trim(), value: this.headerValue }
        : { kind: this.login };
    return { kind: "http", url: this.url.trim(), credential };
  }

  #stdio(): NewTransport {
    const env = this.env
      .filter((variable) => variable.name.trim() !== "")
      .map((variable) => ({ ...variable, name: variable.name.trim() }));
    return {
      kind: "stdio",
      command: this.command.trim(),
      args: this.argList,
      cwd: this.cwd.trim() || null,
      env,
    };
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word);
}
