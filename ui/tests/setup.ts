import "@testing-library/jest-dom/vitest";
import { configure } from "@testing-library/svelte";

configure({ asyncUtilTimeout: 30_000 });

// jsdom has no dialogs of its own.
HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true;
};
