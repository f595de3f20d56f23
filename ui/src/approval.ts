// The approval window: its own page, its own capability, nothing but questions.

import { mount } from "svelte";
import Approval from "./Approval.svelte";
import { host } from "./ipc/choose";
import "./styles/index.css";

mount(Approval, { target: document.body, props: { host: await host("approval") } });
