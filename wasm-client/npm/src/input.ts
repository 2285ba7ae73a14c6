/** Whether a value is of a kind, also of another realm's, such as Next's edge runtime has. */
const is = (value: unknown, kind: string) => Object.prototype.toString.call(value).endsWith(`${kind}]`);

export const isModule = (value: unknown): value is WebAssembly.Module => is(value, ".Module");

/** What is no text becomes an empty one. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The bytes of a buffer or of a view of one; `undefined` for anything else. */
export function bytes(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return is(value, "ArrayBuffer") ? new Uint8Array(value as ArrayBuffer) : undefined;
}

/** JSON text of a value; text passes as it is. What has no JSON becomes text that is refused with a sentence. */
export function json(value: unknown): string {
  if (typeof value === "string") {
    // The encoder would make another character of half of one. As an escape it is refused, and an escape before it stays.
    const { isWellFormed } = value as { isWellFormed?: () => boolean };
    if (isWellFormed?.call(value)) return value;
    return value.replace(/\\.|\p{Cs}/gsu, (found) => (found[1] ? found : `\\u${found.charCodeAt(0).toString(16)}`));
  }
  try {
    return JSON.stringify(is(value, "FormData") ? formAnswers(value as FormData) : value) ?? "";
  } catch {
    return "";
  }
}

/** A form's answers: a name that occurs several times is a list. React's own members are no answers. */
function formAnswers(form: FormData): Record<string, unknown> {
  const answers: [string, unknown][] = [];
  form.forEach((_, name) => {
    const values = form.getAll(name);
    if (!name.startsWith("$ACTION")) answers.push([name, values.length > 1 ? values : values[0]]);
  });
  return Object.fromEntries(answers);
}
