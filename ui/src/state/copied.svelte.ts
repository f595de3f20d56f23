// Puts text on the clipboard and remembers for a moment that it did.

const SHOWN_MS = 2000;

export function copier(): { readonly done: boolean; copy(text: string): Promise<void> } {
  let done = $state(false);
  return {
    get done() {
      return done;
    },
    async copy(text) {
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        return; // No clipboard here: the text stands on the page and can be selected.
      }
      done = true;
      setTimeout(() => (done = false), SHOWN_MS);
    },
  };
}
