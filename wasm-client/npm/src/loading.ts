/** Where a compiled module comes from: its address, a response, its bytes, or the module itself. */
export type InitSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/** The functions of a module: numbers only, and those that stand for texts are lengths in bytes. */
export interface Rules {
  readonly memory: WebAssembly.Memory;
  /** Where so many bytes can be written before a call, or read after it. */
  readonly room: (bytes: number) => number;
}

/** The names of a module's functions. */
type RuleOf<R> = { [K in keyof R]: R[K] extends (...numbers: number[]) => number ? K : never }[keyof R];

/** What wasm-bindgen writes around a module. */
interface Glue<R extends Rules> {
  start(from: { module_or_path: InitSource | Promise<InitSource> }): Promise<R>;
  startSync(from: { module: BufferSource | WebAssembly.Module }): R;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** Room for three times so many letters is not worth keeping: such a text is encoded outside, where memory is given back. */
const LONG = 350_000;

/** Loads one module once, however often and from however many places it is asked to, and calls its functions. */
export class Loading<R extends Rules> {
  private under_way: Promise<void> | undefined;
  private rules: R | undefined;
  /** The module's memory where texts cross, as it was seen last. */
  private seen = new Uint8Array();

  constructor(
    private readonly glue: Glue<R>,
    private readonly name: string,
  ) {}

  /** Loads it; further calls wait for the first. A failed load is not remembered: who lost the network can call again. */
  async load(source: () => InitSource | Promise<InitSource>): Promise<void> {
    if (this.rules) return;
    this.under_way ??= this.fetch(source).finally(() => {
      this.under_way = undefined;
    });
    return this.under_way;
  }

  private async fetch(source: () => InitSource | Promise<InitSource>): Promise<void> {
    this.rules = await this.glue.start({ module_or_path: await source() });
  }

  /** Loads it from its bytes at once. */
  loadSync(module: BufferSource | WebAssembly.Module): void {
    this.rules ??= this.glue.startSync({ module });
  }

  isReady(): boolean {
    return this.rules !== undefined;
  }

  /**
   * Writes texts, or their bytes, into the module's memory, calls a function with their lengths and the numbers that it
   * takes behind them, and reads its answer.
   */
  call(name: RuleOf<R>, texts: readonly (string | Uint8Array)[], ...numbers: number[]): string {
    const { rules } = this;
    if (!rules) throw new Error(`The rules are not loaded yet: await init() of "@gatehouse/wasm-client/${this.name}" once before the first call.`);
    let most = 0;
    const given = texts.map((text) => {
      const one = typeof text === "string" && text.length > LONG ? encoder.encode(text) : text;
      most += typeof one === "string" ? one.length * 3 : one.length;
      return one;
    });
    const room = this.room(rules, most);
    let at = 0;
    const lengths = given.map((text) => {
      const place = at ? room.subarray(at) : room;
      const length = typeof text === "string" ? encoder.encodeInto(text, place).written : text.length;
      if (typeof text !== "string") place.set(text);
      at += length;
      return length;
    });
    const length = (rules[name] as (...numbers: number[]) => number)(...lengths, ...numbers);
    // The call may have moved it.
    return length === 0 ? "" : decoder.decode(this.room(rules, length).subarray(0, length));
  }

  /** The part of the module's memory that has so many bytes for texts. */
  private room(rules: R, bytes: number): Uint8Array {
    const at = rules.room(bytes);
    const { buffer } = rules.memory;
    // Memory that has grown has another buffer.
    if (this.seen.buffer !== buffer || this.seen.byteOffset !== at || this.seen.length < bytes) this.seen = new Uint8Array(buffer, at, bytes);
    return this.seen;
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
