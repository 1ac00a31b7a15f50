import type { Rule } from '../ruleset/model.ts'

/** What `-m comment` says of a rule; null for none. */
export function commentOf({ matches }: Rule): string | null {
  const value = matches.find(({ name }) => name === 'comment')?.options['comment']?.value
  return typeof value === 'string' ? value : null
}
