console.log("an app");
