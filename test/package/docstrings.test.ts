/** Whoever writes against the library reads its docstrings: every public name has one, and their examples run. */
import { execFileSync } from 'node:child_process'
import { join, relative } from 'node:path'
import * as ts from 'typescript'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const source = join(root, 'src')
const entry = join(source, 'index.ts')

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.types.json'), ts.sys.readFile).config,
  ts.sys,
  root,
)
const program = ts.createProgram([entry], options)
const checker = program.getTypeChecker()

/** What `src/index.ts` exports, by name, each at its own declaration. */
const exported = checker
  .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!)
  .map((symbol) => ({
    name: symbol.name,
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }))

const isOurs = (declaration: ts.Declaration) => declaration.getSourceFile().fileName.startsWith(source)

function isPublic(declaration: ts.Declaration): boolean {
  const name = ts.getNameOfDeclaration(declaration)
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
  if (name !== undefined && ts.isPrivateIdentifier(name)) return false
  if (ts.getJSDocTags(declaration).some((tag) => tag.tagName.text === 'internal')) return false
  return isOurs(declaration) && (ts.getCombinedModifierFlags(declaration) & hidden) === 0
}

/** Members of a class or an interface, inherited and static ones and a constructor that takes something included. */
function membersOf(symbol: ts.Symbol): { name: string; declarations: ts.Declaration[] }[] {
  if ((symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) === 0) return []
  const statics = symbol.flags & ts.SymbolFlags.Class ? checker.getTypeOfSymbol(symbol).getProperties() : []
  const members = [...checker.getDeclaredTypeOfSymbol(symbol).getProperties(), ...statics]
    .filter((member) => member.name !== 'prototype')
    .map((member) => ({ name: member.name, declarations: (member.declarations ?? []).filter(isPublic) }))
  const constructors = (symbol.declarations ?? [])
    .filter(ts.isClassDeclaration)
    .flatMap((declaration) => declaration.members.filter(ts.isConstructorDeclaration))
    .filter((declaration) => declaration.parameters.length > 0)
  return [...members, { name: 'constructor', declarations: constructors }].filter(
    ({ declarations }) => declarations.length > 0,
  )
}

/** The text ahead of a declaration; of a constant it stands ahead of the statement. */
function docstring(declaration: ts.Declaration): string {
  return ts
    .getJSDocCommentsAndTags(declaration)
    .filter((part) => ts.isJSDoc(part))
    .map((part) => part.getText())
    .join('\n')
}

function where(declaration: ts.Declaration): string {
  const file = declaration.getSourceFile()
  const { line } = file.getLineAndCharacterOfPosition(declaration.getStart())
  return `${relative(root, file.fileName)}:${line + 1}`
}

const described = (declarations: readonly ts.Declaration[]) =>
  declarations.some((declaration) => /[A-Za-z]{3}/.test(docstring(declaration)))

test('every exported name has a docstring', () => {
  expect(exported.length).toBeGreaterThan(50)
  const bare = exported
    .filter(({ symbol }) => !described(symbol.declarations ?? []))
    .map(({ name, symbol }) => `${name} (${where(symbol.declarations![0]!)})`)
  expect(bare.join('\n')).toBe('')
})

test('every public member of an exported class or interface has a docstring', () => {
  const members = exported.flatMap(({ name, symbol }) =>
    membersOf(symbol).map((member) => ({ ...member, name: `${name}.${member.name}` })),
  )
  expect(members.length).toBeGreaterThan(200)
  const bare = members
    .filter(({ declarations }) => !described(declarations))
    .map(({ name, declarations }) => `${name} (${where(declarations[0]!)})`)
  expect(bare.join('\n')).toBe('')
})

/** The `ts` blocks of a docstring, without what makes them a comment. */
function examplesIn(declarations: readonly ts.Declaration[]): string[] {
  const text = declarations
    .map(docstring)
    .join('\n')
    .replace(/^ *\* ?/gm, '')
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!)
}

const examples = exported.flatMap(({ name, symbol }) =>
  [{ name, declarations: symbol.declarations ?? [] }, ...membersOf(symbol)].flatMap((documented) =>
    examplesIn(documented.declarations).map((code) => [documented.name, code] as const),
  ),
)

test('what one begins with has an example', () => {
  const names = examples.map(([name]) => name)
  const beginnings = ['Tracker', 'Firewall', 'Replay', 'Feed', 'MergedCapture', 'Settings', 'subscribe']
  expect(names).toEqual(expect.arrayContaining([...beginnings, 'buildPacket', 'parseFilter', 'parseRuleset']))
})

test('the examples are right by their types', () => {
  const files = new Map(examples.map(([name, code]) => [join(root, `${name}-example.ts`), code]))
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.getSourceFile = (path, version) => {
    const code = files.get(path)
    return code === undefined ? getSourceFile(path, version) : ts.createSourceFile(path, code, version)
  }
  const checked = ts.createProgram(
    [...files.keys()],
    { ...options, noEmit: true, rootDir: root, types: ['node'], paths: { sallyport: [entry] } },
    host,
  )
  const wrong = ts.getPreEmitDiagnostics(checked)
  expect(ts.formatDiagnostics(wrong, { ...host, getCurrentDirectory: () => root })).toBe('')
})

test.each(examples)('the example of %s runs with what is built and prints something', (_name, code) => {
  const run = ['--input-type=module', '--eval', code]
  expect(execFileSync(process.execPath, run, { cwd: root, encoding: 'utf8' })).not.toBe('')
})

// They are generic since TypeScript 5.7 only: where a type is left to be inferred, older ones cannot read it.
test('declarations name no typed array with a parameter', () => {
  const named: string[] = []
  program.emit(
    undefined,
    (path, text) => {
      for (const [found] of text.matchAll(/\b(?:\w+Array|DataView)<Array\w+>/g))
        named.push(`${path}: ${found}`)
    },
    undefined,
    true,
  )
  expect(named.join('\n')).toBe('')
})
