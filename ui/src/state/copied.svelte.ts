// Puts text on the clipboard and remembers for a moment that it did.

const SHOWN_MS = 2000;

export function copier(): { readonly done: boolean; copy(text: string): Promise<void> } {
  let done = $state(false);
  return {
    get done() {
      return done;
    },
    async copy(text) {
      await navigator.clipboard.writeText(text);
      done = true;
      setTimeout(() => (done = false), SHOWN_MS);
    },
  };
}
