/** What scripts/page.mjs puts into the page. */
declare module 'inlined:worker' {
  /** The worker's program. */
  export const source: string
}

declare module 'inlined:example' {
  export const example: {
    /** Base64. */
    readonly capture: { readonly name: string; readonly base64: string }
    readonly rules: { readonly name: string; readonly text: string }
  }
}

declare module 'inlined:gallery' {
  /** By the names of their files, without `.scenario`. */
  export const scenarios: readonly { readonly name: string; readonly text: string }[]
}
