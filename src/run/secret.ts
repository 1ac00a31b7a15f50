import type { FillRandom } from '../conntrack/hash.ts'
import { platformRandom } from '../conntrack/tracker.ts'

/** The secret of a hash table, for several runs: with the same one, a full table evicts the same entries. */
export function oneSecret(): FillRandom {
  let secret: Uint32Array | null = null
  return (words) => {
    if (secret === null || secret.length < words.length) {
      secret = new Uint32Array(words.length)
      platformRandom(secret)
    }
    words.set(secret.subarray(0, words.length))
  }
}
