/** A case's document: its text as written, or, of a large one, what its parts make when repeated. */
export function document({ document, generate }) {
  return document ?? generate.map(({ prefix, unit, times, suffix }) => prefix + unit.repeat(times) + suffix).join("");
}
