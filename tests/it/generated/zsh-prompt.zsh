# An interactive zsh for the tests: no prompt, and ^X prints the line as it stands.
unset PS1 RPS1
unsetopt prompt_cr prompt_sp beep auto_menu
stty columns 200 rows 200
LISTMAX=1000
fpath=($PWD/completions $fpath)
autoload -Uz compinit
compinit -D -u
shown() { print -r -- "[line]${BUFFER}[end]" }
zle -N shown
bindkey '^X' shown
print '[ready]'
