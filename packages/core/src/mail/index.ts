export { mailNotConfigured, mailRefused, tooManyMails } from './errors.ts'
export { checkHeaders, headerText, quotedName } from './header.ts'
export { plainText, richText, type Message } from './layout.ts'
