import { bytes, isModule } from "./input.js";

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

  /** `rule` is a function that only this module has. */
  constructor(
    private readonly name: string,
    private readonly rule: RuleOf<R>,
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
    let from = await source();
    if (!(isModule(from) || bytes(from))) {
      const response = (from as Response).ok === undefined ? await fetch(from as string | URL | Request) : (from as Response);
      if (!response.ok) throw new Error(`${response.url} cannot be loaded: HTTP ${response.status}.`);
      // Not compiled as it comes: that asks for a content type which not every server knows.
      from = await response.arrayBuffer();
    }
    const loaded = (await WebAssembly.instantiate(from)) as WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource;
    this.take("instance" in loaded ? loaded.instance : loaded);
  }

  /** Loads it from its bytes at once. */
  loadSync(module: BufferSource | WebAssembly.Module): void {
    if (!this.rules) this.take(new WebAssembly.Instance(isModule(module) ? module : new WebAssembly.Module(module)));
  }

  private take({ exports }: WebAssembly.Instance): void {
    if (!(this.rule in exports)) throw new Error(`This is another module: pass "@gatehouse/wasm-client/${this.name}.wasm".`);
    this.rules ??= exports as unknown as R;
  }

  isReady(): boolean {
    return this.rules !== undefined;
  }

  /**
   * Writes texts, or their bytes, into the module's memory, calls a function with their lengths and the numbers that it
   * takes behind them, and reads its answer. What is no number becomes NaN, which no rule accepts.
   */
  call(name: RuleOf<R>, texts: readonly (string | Uint8Array)[], ...numbers: unknown[]): string {
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
    const length = (rules[name] as (...numbers: number[]) => number)(...lengths, ...numbers.map((number) => (typeof number === "number" ? number : NaN)));
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
