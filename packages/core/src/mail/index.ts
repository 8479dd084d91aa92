export { mailNotConfigured, mailRefused, tooManyMails } from './errors.ts'
export { checkHeaders, headerText } from './header.ts'
export { plainText, richText, type Message } from './layout.ts'
