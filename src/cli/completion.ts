/** `sallyport completion SHELL`: scripts generated from the option tables. */
import { defineCommand } from './command.ts'
import { bashCompletion } from './completion-bash.ts'
import { fishCompletion } from './completion-fish.ts'
import { zshCompletion } from './completion-zsh.ts'
import { EXIT_OK } from './exit-codes.ts'
import { wrongUse } from './failure.ts'
import { Output } from './output.ts'

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

export const completion = defineCommand({
  name: 'completion',
  summary: 'print a script with which a shell completes commands and options',
  usage: 'SHELL',
  positionals: [{ name: 'SHELL', sentence: 'bash, zsh or fish' }],
  completes: { files: false, words: Object.keys(shells) },
  options: {},
  examples: [
    { line: 'source <(sallyport completion bash)', sentence: 'in ~/.bashrc' },
    {
      line: 'sallyport completion zsh > "$fpath[1]/_sallyport"',
      sentence: 'once; zsh finds it with its next start',
    },
    {
      line: 'sallyport completion fish > ~/.config/fish/completions/sallyport.fish',
      sentence: 'once; fish finds it at once',
    },
  ],
  async run(_options, positionals) {
    const [shell = ''] = positionals
    if (positionals.length !== 1 || !Object.hasOwn(shells, shell)) {
      throw wrongUse(`expected the name of a shell: ${Object.keys(shells).join(', ')}`)
    }
    const { commands } = await import('./commands.ts')
    const loaded = await Promise.all(commands.map((command) => command.load()))
    const output = new Output()
    output.write(shells[shell as keyof typeof shells](loaded))
    output.flush()
    return EXIT_OK
  },
})
