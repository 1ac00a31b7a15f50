/** What the command answers to the shell. `sallyport --help` lists them. */

export const EXIT_OK = 0
export const EXIT_CHECK_FAILED = 1
export const EXIT_WRONG_USE = 2
export const EXIT_UNREADABLE = 3
export const EXIT_UNWRITABLE = 4
/** EX_SOFTWARE of sysexits.h: apart from the codes that say something about the input. */
export const EXIT_DEFECT = 70

export const exitCodes: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT_OK, 'done; also when the reader of the output has gone away (| head)'],
  [
    EXIT_CHECK_FAILED,
    'something is wrong with the rules that were given; diff: flows change; test: a scenario fails',
  ],
  [EXIT_WRONG_USE, 'wrong use: an unknown option, a value that is not allowed, a bad selection'],
  [EXIT_UNREADABLE, 'an input cannot be read, or is no capture'],
  [EXIT_UNWRITABLE, 'output cannot be written'],
  [EXIT_DEFECT, 'a defect of sallyport itself'],
]
