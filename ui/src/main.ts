// The main window.

import { mount } from "svelte";
import App from "./App.svelte";
import { host } from "./ipc/choose";
import "./styles/index.css";

mount(App, { target: document.body, props: { host: await host("main") } });
