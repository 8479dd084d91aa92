import { defineInquiry } from '../../kernel/action.ts'
import { granted } from '../../kernel/rule.ts'
import { shownChanges } from './difference.ts'
import { readDocument } from './read.ts'
import { asCodeSignatures } from './signatures.ts'
import { documentTarget } from './target.ts'

export const diffAccess = defineInquiry(asCodeSignatures.diff, {
  fewAtOnce: true,
  oneSnapshot: true,
  allow: granted,
  target: documentTarget,
  async handle({ open, catalogue, now }, { document }) {
    return shownChanges((await readDocument(await open(), catalogue, document, now)).difference)
  },
})
