-- Answers, which says that Redis does.
return now()
