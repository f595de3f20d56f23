// Every string the windows show. Short, plain, present tense; verbs on buttons; "you" is the human, agents go by name.

export * from "./text/common";
export * from "./text/times";
export * from "./text/sentences";
export * from "./text/ask";
export * from "./text/home";
export * from "./text/agents";
export * from "./text/servers";
export * from "./text/record";
export * from "./text/wallet";
