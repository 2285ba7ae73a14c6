/** Where a compiled module comes from: its address, a response, its bytes, or the module itself. */
export type InitSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/** What wasm-bindgen writes around a module. */
interface Glue {
  default(from: { module_or_path: InitSource | Promise<InitSource> }): Promise<unknown>;
  initSync(from: { module: BufferSource | WebAssembly.Module }): unknown;
}

/** Loads one module once, however often and from however many places it is asked to. */
export class Loading<G extends Glue> {
  private under_way: Promise<void> | undefined;
  private ready = false;

  constructor(
    private readonly glue: G,
    private readonly name: string,
  ) {}

  /** Loads it; further calls wait for the first. A failed load is not remembered: who lost the network can call again. */
  async load(source: () => InitSource | Promise<InitSource>): Promise<void> {
    if (this.ready) return;
    this.under_way ??= this.fetch(source).finally(() => {
      this.under_way = undefined;
    });
    return this.under_way;
  }

  private async fetch(source: () => InitSource | Promise<InitSource>): Promise<void> {
    await this.glue.default({ module_or_path: await source() });
    this.ready = true;
  }

  /** Loads it from its bytes at once. */
  loadSync(module: BufferSource | WebAssembly.Module): void {
    if (this.ready) return;
    this.glue.initSync({ module });
    this.ready = true;
  }

  isReady(): boolean {
    return this.ready;
  }

  /** The loaded module's functions. */
  get rules(): G {
    if (!this.ready) throw new Error(`The rules are not loaded yet: await init() of "@gatehouse/wasm-client/${this.name}" once before the first call.`);
    return this.glue;
  }
}

/** What is no text becomes a text that no rule accepts, so that the answer names it. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : String(value);
}

/** JSON text of a value; text passes as it is. What has no JSON becomes text that is refused with a sentence. */
export function json(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
