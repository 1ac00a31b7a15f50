/**
 * What the command answers to the shell. `sallyport --help` lists them. Mistakes in rules: to `lint` and `fmt` they are what
 * was looked for (1); who needs the rules to go on (`replay`, `explain`, `diff`, `query`) cannot read them (3). What is no text of
 * rules at all is 3 for each command.
 */

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
    'lint, fmt: the rules have mistakes or findings; diff: flows change; test: a scenario fails; replay, explain, diff: rules that cannot be evaluated; query: undecided',
  ],
  [EXIT_WRONG_USE, 'wrong use: an unknown option, a value that is not allowed, a bad selection'],
  [
    EXIT_UNREADABLE,
    'an input cannot be read: no such file, no capture, no rules, or rules with mistakes where a command needs them',
  ],
  [EXIT_UNWRITABLE, 'output cannot be written'],
  [EXIT_DEFECT, 'a defect of sallyport itself'],
]
