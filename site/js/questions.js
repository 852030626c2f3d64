// The page of questions.
"use strict";

DTL.page = () => DTL.askBox(document.getElementById("dtl-ask"));
