/** `[ … ]`, `[[ … ]]` and `test …` of a script, as far as its words decide: files and the like are known to a running shell only. */
import type { Word } from './word.ts'

const closings: Readonly<Record<string, string>> = { '[': ']', '[[': ']]' }

/** `program` is `[`, `[[` or `test`. Null: nobody here can tell. */
export function judgeTest(program: string, words: readonly Word[]): boolean | null {
  const closing = closings[program]
  if (closing === undefined) return judge(words, false)
  return words.at(-1)?.text === closing ? judge(words.slice(0, -1), program === '[[') : null
}

function judge(words: readonly Word[], patterns: boolean): boolean | null {
  const [first, second, third] = words
  if (first === undefined) return false
  if (words.length > 1 && first.text === '!' && !first.quoted) {
    const rest = judge(words.slice(1), patterns)
    return rest === null ? null : !rest
  }
  if (words.length === 1) return first.text !== ''
  if (words.length === 2) {
    if (first.text === '-n') return second!.text !== ''
    return first.text === '-z' ? second!.text === '' : null
  }
  return words.length === 3 ? compare(first.text, second!.text, third!, patterns) : null
}

function compare(left: string, operator: string, { text, quoted }: Word, patterns: boolean): boolean | null {
  if (['=', '==', '!='].includes(operator)) {
    if (patterns && !quoted && /[*?[\\]/.test(text)) return null
    return (left === text) !== (operator === '!=')
  }
  if (!/^[+-]?\d{1,15}$/.test(left) || !/^[+-]?\d{1,15}$/.test(text)) return null
  const difference = Number(left) - Number(text)
  switch (operator) {
    case '-eq':
      return difference === 0
    case '-ne':
      return difference !== 0
    case '-lt':
      return difference < 0
    case '-le':
      return difference <= 0
    case '-gt':
      return difference > 0
    case '-ge':
      return difference >= 0
    default:
      return null
  }
}
