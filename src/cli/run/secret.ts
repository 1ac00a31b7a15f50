import type { FillRandom } from '../../conntrack/hash.ts'

/** The secret of a hash table, for several runs: with the same one, a full table evicts the same entries. */
export function oneSecret(): FillRandom {
  const secret = crypto.getRandomValues(new Uint32Array(64))
  return (words) => {
    for (let i = 0; i < words.length; i++) words[i] = secret[i % secret.length]!
  }
}
