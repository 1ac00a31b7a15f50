import type { Kind } from '../extension.ts'

/** An option without an argument. */
export const flag: Kind<true> = {
  usage: '',
  expected: 'no value',
  examples: () => [''],
  words: 0,
  read: () => true,
  print: () => '',
}
