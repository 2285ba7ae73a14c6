import type { Path } from "./types.js";

type Pointed = { pointer: string; path?: Path }[] | undefined;

/**
 * Reads a response. Each error in it gets the path of its pointer.
 *
 * @param root The pointer to the value that was passed, where pointers count from a request's body.
 */
export function parse<R>(response: string, root = "/answers"): R {
  const result = JSON.parse(response);
  if (!result.ok) for (const errors of [result.errors, result.problem?.errors]) addPaths(errors, root);
  return result;
}

/** Adds to each error the names and list positions that lead to its value. */
export function addPaths(errors: Pointed, root: string): void {
  for (const error of errors ?? []) {
    const { pointer } = error;
    const names = (pointer.startsWith(root) ? pointer.slice(root.length) : pointer).split("/").slice(1);
    // Every document of ours is an object, so a number is a position in a list only behind a name.
    error.path = names.map((name, at) => (at && /^\d+$/.test(name) ? Number(name) : name.replace(/~1/g, "/").replace(/~0/g, "~")));
  }
}
