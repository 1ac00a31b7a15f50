/** "Did you mean …": the known word that a mistyped one is nearest to. */

/** Longer words are no typing mistakes, and the table of distances stays small. */
const LONGEST = 64

/**
 * Edits that turn one word into the other: a letter left out, added, replaced, or two neighbours swapped
 * (optimal string alignment). Gives up beyond `limit` and answers `limit + 1`.
 */
export function editDistance(from: string, to: string, limit = 3): number {
  if (Math.abs(from.length - to.length) > limit || from.length > LONGEST || to.length > LONGEST)
    return limit + 1
  let before: number[] = []
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    let least = row
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let cost = Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + (same ? 0 : 1))
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, before[column - 2]! + 1)
      current.push(cost)
      least = Math.min(least, cost)
    }
    if (least > limit) return limit + 1
    before = above
    above = current
  }
  return Math.min(above[to.length]!, limit + 1)
}

/** So many letters at least make a beginning or an end that is worth completing. */
const SHORTEST_PART = 5

/**
 * The nearest of the known words, or null if none is near: one that the word begins or ends; else one edit in a word
 * of up to four letters, two in one of up to eight, else three. Case does not count; of several equally near, the first.
 */
export function suggest(word: string, known: Iterable<string>): string | null {
  const sought = word.toLowerCase()
  let limit = sought.length <= 4 ? 1 : sought.length <= 8 ? 2 : 3
  let nearest: string | null = null
  const words = [...known]
  const part =
    sought.length < SHORTEST_PART
      ? undefined
      : (words.find((candidate) => candidate.toLowerCase().startsWith(sought)) ??
        words.find((candidate) => candidate.toLowerCase().endsWith(sought)))
  if (part !== undefined) return part
  for (const candidate of words) {
    const distance = editDistance(sought, candidate.toLowerCase(), limit)
    if (distance > limit) continue
    if (distance === 0) return candidate
    nearest = candidate
    limit = distance - 1
  }
  return nearest
}
